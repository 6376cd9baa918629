"""The prediction log: schema, writer, reader."""
