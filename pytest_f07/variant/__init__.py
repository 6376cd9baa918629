"""What is to be validated: names and places, parameters, the F06 package, its seal, the manifest, the registry."""
