# The make targets of phase 07: python -m pytest_f07 makefile > f07.mk, and as the last line of your Makefile:
#
#     include f07.mk
#
# Included last, it replaces these targets where your Makefile has them:
#     help7 variant7 script7-run nb7-run check7 list7 serve7 publish7 remove7
# F07_PYTHON is the interpreter that has pytest-f07; set it before the include, or on make's command line.

F07_PYTHON ?= python3

.PHONY: help7 variant7 script7-run nb7-run check7 list7 serve7 publish7 remove7

# A value as one word for the shell, which neither make nor the shell looks into.
f07_text = '$(subst ','\'',$(value $(1)))'

# An option where it is given on make's command line, not in the environment: shells set HOST.
f07_given = $(if $(filter command,$(firstword $(origin $(1)))),--$(2) $(call f07_text,$(1)))
f07_need = $(if $(value $(1)),,$(error $(1) is missing: make $@ $(2)))

help7:
	@echo "make variant7 VARIANT=v702 PARENT=v601 [BATCH_SIZE= HOST= PORT=]"
	@echo "                              declare a variant of an F06 package: params.yaml, manifest.json, registry entry"
	@echo "make script7-run VARIANT=v701 [COMPARE=v700]"
	@echo "                              validate it: server, replay, logs, metrics, figures, report, metadata;"
	@echo "                              COMPARE tells in the report what changed since that variant's run"
	@echo "make nb7-run VARIANT=v701     the same run from the notebook; the executed copy stays beside the metadata"
	@echo "make check7 VARIANT=v701      is its run complete, unaltered, sealed, and do its books balance?"
	@echo "make check7 PARENT=v601       is this package fit to be validated? Makes no variant"
	@echo "make list7                    the variants: parent, state, when, result"
	@echo "make serve7 VARIANT=v701      the server alone, with a line to try it"
	@echo "make publish7 VARIANT=v701 [ALLOW_FAILED=1] [REMOTE=]"
	@echo "                              DVC keeps logs/, metrics/, report/; git commits this variant's files; both push"
	@echo "make remove7 VARIANT=v701     remove it, where no later variant was made of it"

variant7:
	$(call f07_need,VARIANT,VARIANT=v702 PARENT=v601)$(call f07_need,PARENT,VARIANT=v702 PARENT=v601)
	@$(F07_PYTHON) -m pytest_f07 variant7 --variant $(call f07_text,VARIANT) --parent $(call f07_text,PARENT) \
	  $(call f07_given,BATCH_SIZE,batch-size) $(call f07_given,HOST,host) $(call f07_given,PORT,port)

# A project's own tests may make warnings errors; a run does not.
script7-run:
	$(call f07_need,VARIANT,VARIANT=v701)
	@$(F07_PYTHON) -P -m pytest --f07-variant=$(call f07_text,VARIANT) $(call f07_given,COMPARE,f07-compare) -W default

nb7-run:
	$(if $(value ACTIVE_VARIANT),,$(call f07_need,VARIANT,VARIANT=v701))
	@$(F07_PYTHON) -m pytest_f07 nb7-run $(if $(value VARIANT),--variant $(call f07_text,VARIANT))

check7:
	$(if $(value VARIANT)$(value PARENT),,$(error VARIANT is missing: make $@ VARIANT=v701, or PARENT=v601 for a package))
	@$(F07_PYTHON) -m pytest_f07 check7 $(if $(value VARIANT),--variant $(call f07_text,VARIANT)) $(if $(value PARENT),--parent $(call f07_text,PARENT))

list7:
	@$(F07_PYTHON) -m pytest_f07 list7

serve7:
	$(call f07_need,VARIANT,VARIANT=v701)
	@exec $(F07_PYTHON) -m pytest_f07 serve7 --variant $(call f07_text,VARIANT)

publish7:
	$(call f07_need,VARIANT,VARIANT=v701)
	@$(F07_PYTHON) -m pytest_f07 publish7 --variant $(call f07_text,VARIANT) $(if $(filter-out 0,$(value ALLOW_FAILED)),--allow-failed) $(call f07_given,REMOTE,remote)

remove7:
	$(call f07_need,VARIANT,VARIANT=v701)
	@$(F07_PYTHON) -m pytest_f07 remove7 --variant $(call f07_text,VARIANT)
