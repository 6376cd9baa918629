# The make targets of phase 07: python -m pytest_f07 makefile > f07.mk, and as the last line of your Makefile:
#
#     include f07.mk
#
# It replaces these targets where your Makefile has them; delete yours, or make warns of each ("overriding recipe"):
#     help7 variant7 script7-run nb7-run check7 list7 history7 explain7 serve7 publish7 remove7
# The interpreter is F07_PYTHON where that is set, else PYTHON where your Makefile sets it, else .venv/bin/python3
# where there is one, else python3.
#
# Names have a dot: no Makefile uses them, and make exports none of them. Recipes follow a semicolon, whatever your
# .RECIPEPREFIX is.

# What each target takes on make's command line.
f07.takes.variant7 := VARIANT PARENT BATCH_SIZE HOST PORT URL PROTOCOL
f07.takes.script7-run := VARIANT COMPARE URL PROTOCOL CHECKS RESUME WORKERS SCHEDULER
f07.takes.nb7-run := VARIANT ACTIVE_VARIANT COMPARE
f07.takes.check7 := VARIANT PARENT RERUN
f07.takes.list7 :=
f07.takes.history7 := VARIANT
f07.takes.explain7 := VARIANT MODEL DATASET ROW WINDOW
f07.takes.serve7 := VARIANT
f07.takes.publish7 := VARIANT ALLOW_FAILED REMOTE
f07.takes.remove7 := VARIANT

f07.targets := variant7 script7-run nb7-run check7 list7 history7 explain7 serve7 publish7 remove7
f07.names := $(sort $(foreach f07.target,$(f07.targets),$(f07.takes.$(f07.target))))
f07.given := $(foreach f07.name,$(f07.names),$(if $(filter command,$(origin $(f07.name))),$(f07.name)))
f07.goals := $(filter $(f07.targets),$(value MAKECMDGOALS))

.PHONY: help7 $(f07.targets)

# A name that no goal takes is refused; not where a target or a make of yours may take it.
ifeq ($(MAKELEVEL)$(filter-out $(f07.targets),$(value MAKECMDGOALS)),0)
ifneq ($(f07.goals),)
f07.idle := $(firstword $(filter-out $(foreach f07.target,$(f07.goals),$(f07.takes.$(f07.target))),$(f07.given)))
$(if $(f07.idle),$(error $(f07.idle) has no meaning for make $(f07.goals): leave it out))
endif
endif

# Goals given together are made in their order, with -j too.
f07.before :=
$(foreach f07.goal,$(f07.goals),$(if $(filter $(f07.goal),$(f07.before)),,$(eval \
  $(f07.goal): | $(f07.before))$(eval f07.before += $(f07.goal))))

# Exporting a value that came from outside, make would run a $(shell …) in it: for these targets, it is text.
# "export" belongs to it: else make exports the value that is not overridden.
$(foreach f07.name,$(f07.names),$(if $(findstring $$,$(value $(f07.name))),$(if $(filter \
  command environment,$(origin $(f07.name))),$(eval \
  help7 $(f07.targets): export override $(f07.name) := $$(value $(f07.name))))))

f07.python = $(or $(if $(value F07_PYTHON),$(F07_PYTHON)),$(if \
  $(filter file command override,$(origin PYTHON)),$(PYTHON)),$(if \
  $(realpath .venv/bin/python3),.venv/bin/python3),python3)

# What your Makefile says is make's language; what came from outside is not.
f07.value = $(if $(filter file,$(origin $(1))),$(strip $($(1))),$(value $(1)))
# A value as one word for the shell, which neither make nor the shell looks into.
f07.text = '$(subst ','\'',$(f07.value))'
# An option, one word with its value, where it is given on make's command line, not in the environment: shells set HOST.
f07.option = $(if $(filter $(1),$(f07.given)),--$(2)=$(f07.text))
# An option where the name has a value, wherever it comes from.
f07.named = $(if $(f07.value),--$(2) $(f07.text))
f07.either := VARIANT=v701, or PARENT=v601 for a package
f07.need = $(if $(f07.value),,$(error $(1) is missing: make $@ $(2)))

define f07.help
Declare a variant of an F06 package, run it, look at it:
  make variant7 VARIANT=v702 PARENT=v601 [BATCH_SIZE= HOST= PORT=]
                              params.yaml, manifest.json, the registry entry;
                              [URL= PROTOCOL=] for a server already there
  make script7-run VARIANT=v701 [COMPARE=v700] [URL= PROTOCOL=] [CHECKS=]
                              [RESUME=1]
                              validate it: server, replay, logs, metrics,
                              figures, report, metadata; COMPARE: the report
                              tells what changed since that run, and whether
                              it is noise (v700@REV: as published);
                              CHECKS=tests/f07: your own tests too;
                              RESUME: go on where a run died;
                              WORKERS=4: spread over workers here;
                              SCHEDULER=tls://host:8786: over a Dask cluster
  make nb7-run VARIANT=v701 [COMPARE=v700]
                              the same run from the notebook; the executed
                              copy stays beside the metadata
  make list7                  the variants: parent, state, when, result
  make history7 [VARIANT=v701]
                              each model's metrics from run to run, and what
                              changed about it, published runs too
  make explain7 VARIANT=v701 MODEL=name ROW=7 [DATASET=v402]
                              what each layer makes of that window, where
                              graph and Keras part, which codes count;
                              WINDOW='[1, 5, 2]' in place of ROW
  make serve7 VARIANT=v701    the server alone, with a line to try it

Check:
  make check7 VARIANT=v701 [RERUN=1]
                              is its run complete and unaltered, the package
                              sealed, and does a count of the log give the
                              metrics? RERUN: does a second run, elsewhere,
                              write the same files?
  make check7 PARENT=v601     can this package be validated? Makes no variant

Keep or remove:
  make publish7 VARIANT=v701 [ALLOW_FAILED=1] [REMOTE=]
                              DVC keeps logs/, metrics/, report/; git commits
                              this variant's files; both push
  make remove7 VARIANT=v701   remove it, unless a later variant builds on it
endef

help7: ; @$(info $(f07.help)):

variant7: ; @$(f07.python) -m pytest_f07 variant7 --variant $(call f07.text,VARIANT) --parent $(call f07.text,PARENT) \
  $(call f07.option,BATCH_SIZE,batch-size) $(call f07.option,HOST,host) $(call f07.option,PORT,port) \
  $(call f07.option,URL,url) $(call f07.option,PROTOCOL,protocol) \
  $(call f07.need,VARIANT,VARIANT=v702 PARENT=v601)$(call f07.need,PARENT,VARIANT=v702 PARENT=v601)

# A project's own tests may make warnings errors; a run does not.
script7-run: ; @$(call f07.need,VARIANT,VARIANT=v701)$(f07.python) -P -m pytest --f07-variant=$(call f07.text,VARIANT) \
  $(call f07.option,COMPARE,f07-compare) $(call f07.option,URL,f07-server-url) \
  $(call f07.option,PROTOCOL,f07-protocol) $(call f07.option,CHECKS,f07-checks) \
  $(call f07.option,WORKERS,f07-workers) $(call f07.option,SCHEDULER,f07-scheduler) \
  $(if $(filter RESUME,$(f07.given)),$(if $(filter-out 0,$(value RESUME)),--f07-resume)) -W default

nb7-run: ; @$(if $(value ACTIVE_VARIANT),,$(call f07.need,VARIANT,VARIANT=v701))$(f07.python) -m pytest_f07 nb7-run \
  --variant $(call f07.text,$(if $(value VARIANT),VARIANT,ACTIVE_VARIANT)) $(call f07.option,COMPARE,compare)

check7: ; @$(if $(value PARENT),,$(call f07.need,VARIANT,$(f07.either)))$(f07.python) -m pytest_f07 check7 \
  $(call f07.named,VARIANT,variant) $(call f07.named,PARENT,parent) $(if $(filter-out 0,$(value RERUN)),--rerun)

list7: ; @$(f07.python) -m pytest_f07 list7

history7: ; @$(f07.python) -m pytest_f07 history7 $(call f07.named,VARIANT,variant)

explain7: ; @$(call f07.need,VARIANT,VARIANT=v701 MODEL=name ROW=7)$(call f07.need,MODEL,VARIANT=v701 MODEL=name \
  ROW=7)$(f07.python) -m pytest_f07 explain7 --variant $(call f07.text,VARIANT) --model $(call f07.text,MODEL) \
  $(call f07.option,DATASET,dataset) $(call f07.option,ROW,row) $(call f07.option,WINDOW,window)

serve7: ; @$(call f07.need,VARIANT,VARIANT=v701)exec $(f07.python) -m pytest_f07 serve7 \
  --variant $(call f07.text,VARIANT)

publish7: ; @$(call f07.need,VARIANT,VARIANT=v701)$(f07.python) -m pytest_f07 publish7 \
  --variant $(call f07.text,VARIANT) $(if $(filter-out 0,$(value ALLOW_FAILED)),--allow-failed) $(call f07.option,REMOTE,remote)

remove7: ; @$(call f07.need,VARIANT,VARIANT=v701)$(f07.python) -m pytest_f07 remove7 \
  --variant $(call f07.text,VARIANT)
