using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Actors.Journal;

/// <summary>One change of the journal. All entries of a batch become durable together or not at all.</summary>
public abstract record JournalEntry(DomainName Zone);

/// <summary>Writes the row of a zone, with its content when that changed.</summary>
public sealed record PutZone(ZoneRow Row) : JournalEntry(Row.Name);

/// <summary>Writes what is known of one target without touching wish or content.</summary>
public sealed record PutProgress(DomainName Zone, TargetProgress Progress) : JournalEntry(Zone);

/// <summary>Writes how the zone stands with its masters, without touching wish, content or targets.</summary>
public sealed record PutStanding(
    DomainName Zone, DateTimeOffset? RefreshedAt, Reason? Reason, DateTimeOffset? ReasonSince, TimeSpan? Lifetime = null,
    DateTimeOffset? RefusedSince = null)
    : JournalEntry(Zone)
{
    /// <summary>How the row says that the zone stands.</summary>
    public static PutStanding Of(ZoneRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return new PutStanding(row.Name, row.RefreshedAt, row.Reason, row.ReasonSince, row.Lifetime, row.RefusedSince);
    }

    /// <summary>The row with this standing.</summary>
    public ZoneRow On(ZoneRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return row with
        {
            RefreshedAt = RefreshedAt,
            Reason = Reason,
            ReasonSince = ReasonSince,
            Lifetime = Lifetime,
            RefusedSince = RefusedSince,
        };
    }
}

/// <summary>
/// Takes a zone out of the wanted state after every target was seen without it. Its last content is kept until the given
/// time, so that a deletion by mistake can be undone; without a time it goes at once.
/// </summary>
public sealed record ForgetZone(DomainName Zone, DateTimeOffset? KeepContentUntil) : JournalEntry(Zone);

/// <summary>One line of a zone's history; the number of lines kept for each zone is bounded by configuration.</summary>
/// <param name="At">When it happened.</param>
/// <param name="Code">Stable word: created, deleted, changed, transferred, transfer-failed, verified, refused, away, ...</param>
/// <param name="Text">A sentence for people.</param>
/// <param name="Serial">Serial that it is about, when there is one.</param>
/// <param name="Target">Target that it is about, when there is one.</param>
/// <param name="TraceId">Trace of the request that caused it, when there was one.</param>
public sealed record ZoneEvent(
    DomainName Zone,
    DateTimeOffset At,
    string Code,
    string Text,
    uint? Serial = null,
    string? Target = null,
    string? TraceId = null) : JournalEntry(Zone);
