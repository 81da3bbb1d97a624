# Reports again and again, until it is ended. /app/changed lists packages that are a release ahead of production's.
# Prints one line for each round: what the agent said when the server took the report, else `kept`.
n=0
touch /app/changed
while :; do
    n=$((n + 1))
    {
        echo "counter==1.0.$((n * ${COUNTS:-0}))"
        for name in first web worker sender beat proxy database upgrade rollback; do
            if grep -qx "$name" /app/changed; then echo "check-$name==2.0"; else echo "check-$name==1.0"; fi
        done
    } >/app/next
    mv /app/next /app/requirements.txt
    python3 -I /usr/local/bin/parity report -C /app || echo kept
    sleep 1
done
