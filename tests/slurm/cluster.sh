#!/bin/bash
# A real single-node Slurm cluster from Debian's packages, for the tests: root, no systemd, all state below one folder.
#
#   cluster.sh up BASE accounting     munge, MariaDB, slurmdbd, slurmctld, slurmd      about 10 s
#   cluster.sh up BASE plain          the same without accounting                      about 2 s
#   cluster.sh down BASE
#
# Ports: PORT and the 100 after it. The clients find the cluster by SLURM_CONF=BASE/slurm.conf. Packages: slurmctld slurmd
# slurm-client munge, and for accounting slurmdbd slurm-wlm-mysql-plugin mariadb-server-core mariadb-client.
set -euo pipefail
what=$1 base=$2 kind=${3:-plain}
export SLURM_CONF="$base/slurm.conf"

wait_for_port() {
    for _ in $(seq 600); do (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return; sleep 0.05; done
    echo "nothing listens on port $1" >&2; exit 1
}

write_configuration() {
    local host cores memory
    host=$(hostname -s) cores=$(nproc)
    memory=$(( $(awk '/MemTotal/{print $2}' /proc/meminfo) / 1024 - 512 ))
    # cred_expire=5, the least there is, is how long a requeued job waits. FirstJobId is random: submitit knows a job by its
    # number only. Limits of memory are kept without cgroups by OverMemoryKill. munge's socket is not where clients look for it.
    cat > "$SLURM_CONF" <<CONF
ClusterName=vvs
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$base/munge/munge.socket,cred_expire=5
CredType=cred/munge
SlurmctldPort=$PORT
SlurmdPort=$((PORT + 1))
SrunPortRange=$((PORT + 10))-$((PORT + 99))
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation=$base/state
SlurmdSpoolDir=$base/spool
SlurmctldPidFile=$base/run/slurmctld.pid
SlurmdPidFile=$base/run/slurmd.pid
SlurmctldLogFile=$base/log/slurmctld.log
SlurmdLogFile=$base/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=1000
FirstJobId=$((RANDOM * 1000 + 1000))
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0
PriorityType=priority/basic
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/$([ "$kind" = accounting ] && echo slurmdbd || echo none)
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$((PORT + 3))
AccountingStoragePass=$base/munge/munge.socket
JobRequeue=1
ReturnToService=2
MinJobAge=300
KillWait=1
OverTimeLimit=0
InactiveLimit=0
Waittime=0
MailProg=/bin/true
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cores Boards=1 SocketsPerBoard=1 CoresPerSocket=$cores ThreadsPerCore=1 RealMemory=$memory State=UNKNOWN
PartitionName=test Nodes=$host Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
CONF
}

start_munge() {
    install -d -o munge -g munge -m 755 "$base/munge"
    dd if=/dev/urandom bs=128 count=1 of="$base/munge/key" status=none
    chown munge:munge "$base/munge/key"
    chmod 400 "$base/munge/key"
    runuser -u munge -- munged --num-threads=2 --key-file="$base/munge/key" --socket="$base/munge/munge.socket" \
        --pid-file="$base/munge/munged.pid" --log-file="$base/munge/munged.log" --seed-file="$base/munge/munged.seed"
}

start_accounting() {
    local password
    password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
    mariadb-install-db --no-defaults --user=root --datadir="$base/db" --skip-test-db --auth-root-authentication-method=normal \
        > "$base/log/install-db.log" 2>&1
    cat > "$base/init.sql" <<SQL
CREATE DATABASE slurm_acct_db;
CREATE USER 'slurm'@'127.0.0.1' IDENTIFIED BY '$password';
GRANT ALL ON slurm_acct_db.* TO 'slurm'@'127.0.0.1';
SQL
    mariadbd --no-defaults --user=root --datadir="$base/db" --socket="$base/my.sock" --pid-file="$base/run/mariadbd.pid" \
        --bind-address=127.0.0.1 --port=$((PORT + 2)) --init-file="$base/init.sql" --log-error="$base/log/mariadbd.log" \
        --innodb-buffer-pool-size=64M --innodb-flush-log-at-trx-commit=0 --innodb-lock-wait-timeout=900 \
        --performance-schema=0 </dev/null >/dev/null 2>&1 &
    wait_for_port $((PORT + 2))
    install -m 600 /dev/null "$base/slurmdbd.conf"
    cat > "$base/slurmdbd.conf" <<CONF
AuthType=auth/munge
AuthInfo=socket=$base/munge/munge.socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=$((PORT + 3))
SlurmUser=root
LogFile=$base/log/slurmdbd.log
PidFile=$base/run/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$((PORT + 2))
StorageUser=slurm
StoragePass=$password
StorageLoc=slurm_acct_db
CommunicationParameters=NoInAddrAny
CONF
    slurmdbd
    wait_for_port $((PORT + 3))
    sacctmgr -i add cluster vvs > "$base/log/sacctmgr.log" 2>&1
}

up() {
    mkdir -p "$base"/{state,spool,log,run}
    chmod 755 "$base" "$base"/*
    write_configuration
    start_munge
    if [ "$kind" = accounting ]; then start_accounting; fi
    slurmctld -f "$SLURM_CONF"
    slurmd -f "$SLURM_CONF" -N "$(hostname -s)"
    # Ready is a cluster that has executed a step.
    for _ in $(seq 20); do timeout 20 srun -n1 -t1 true 2>> "$base/log/srun.log" && return; sleep 0.5; done
    sinfo -N -o "%N %T %E" >&2
    tail -n 5 "$base"/log/*.log >&2
    exit 1
}

# Nothing of it is to be kept, so nothing is waited for but the end of jobs, which would outlive the daemons.
down() {
    local name pid
    timeout 10 scancel --user=root 2>/dev/null || true
    for _ in $(seq 50); do [ -z "$(timeout 10 squeue --noheader 2>/dev/null)" ] && break; sleep 0.2; done
    for name in run/slurmd run/slurmctld run/slurmdbd run/mariadbd munge/munged; do
        if pid=$(cat "$base/$name.pid" 2>/dev/null); then kill -9 "$pid" 2>/dev/null || true; fi
    done
}

"$what"
