using Agent.Dns.Transfers;
using Agent.Dns.Zones;

namespace Agent.Host.Transfers;

/// <summary>Takes the records of a transfer in whichever form they come: a whole zone into its builder, differences into memory.</summary>
/// <param name="whole">Takes a whole zone while it comes.</param>
/// <param name="differences">Takes differences, to be applied when all are here; null where none were asked for.</param>
internal sealed class TransferIntake(ZoneContentBuilder whole, DifferenceCollector? differences)
{
    /// <summary>The answer consists of differences.</summary>
    public bool IsDifferences { get; private set; }

    public ZoneContentBuilder Whole => whole;

    public DifferenceCollector? Differences => differences;

    /// <summary>Records taken so far.</summary>
    public long RecordCount => IsDifferences ? differences!.RecordCount : whole.RecordCount;

    public bool Begin(in StoredRecord oldSoa)
    {
        if (differences is null)
            return false;
        IsDifferences = true;
        return differences.TryAppend(oldSoa);
    }

    public bool Append(in StoredRecord record) => IsDifferences ? differences!.TryAppend(record) : whole.TryAppend(record);
}

/// <summary>The machine's side of an intake.</summary>
internal readonly struct IntakeSink(TransferIntake intake) : IXfrSink
{
    public bool BeginSnapshot(in StoredRecord soa) => intake.Append(soa);

    public bool BeginDelta(in StoredRecord oldSoa) => intake.Begin(oldSoa);

    public bool Delete(in StoredRecord record) => intake.Append(record);

    public bool BeginAdditions(in StoredRecord newSoa) => intake.Append(newSoa);

    public bool Add(in StoredRecord record) => intake.Append(record);

    public bool EndDelta() => true;
}
