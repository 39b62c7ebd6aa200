using System.Globalization;

namespace Agent.Bench.Chaos;

/// <summary>What became of a request.</summary>
public enum AnswerKind
{
    /// <summary>Answered as the worker wants it: QR, AA, NOERROR.</summary>
    Done,

    /// <summary>Answered otherwise.</summary>
    Failed,

    /// <summary>It was sent, and no answer came.</summary>
    Silent,

    /// <summary>It never left: no connection could be made.</summary>
    NotSent,
}

/// <summary>A request for a zone to be there or not to be there, or to be fetched.</summary>
/// <param name="Wanted">True for CREATE, false for DELETE, null for NOTIFY.</param>
/// <param name="Agent">The agent that was asked.</param>
/// <param name="AskedAt">From the beginning of the round.</param>
/// <param name="EndedAt">When the answer came, or the client gave up.</param>
/// <param name="Detail">The answer, for people.</param>
public sealed record LedgerEntry(bool? Wanted, string Agent, TimeSpan AskedAt, TimeSpan EndedAt, AnswerKind Answer, string Detail)
{
    /// <summary>What was sent, in the words of the wire.</summary>
    public string Verb => Wanted switch { true => "CREATE", false => "DELETE", null => "NOTIFY" };

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{AskedAt.TotalSeconds:0.000}s {Verb} at {Agent}: {EndedAt.TotalSeconds:0.000}s {Answer} {Detail}");
}

/// <summary>What clients have asked of one zone, at any agents, and what may be so after the answers that they got.</summary>
/// <remarks>
/// A zone is a register that several write at once. Each CREATE and DELETE that was answered with success takes effect at one moment
/// between question and answer. One that failed may have taken effect or not, until some time after its answer, for it may still be on its
/// way; one without an answer may do so at any time. Several threads may write.
/// </remarks>
public sealed class ZoneLedger(string zone)
{
    /// <summary>How long a request that failed may still be on its way.</summary>
    private static readonly TimeSpan OnItsWay = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly List<LedgerEntry> _entries = [];
    private uint _serial;
    private TimeSpan _changedAt;

    public string Zone { get; } = zone;

    public IReadOnlyList<LedgerEntry> Entries
    {
        get
        {
            lock (_gate) return [.. _entries];
        }
    }

    /// <summary>Somebody knows of the last change: a NOTIFY or CREATE that was asked behind it was answered with success.</summary>
    public bool IsNoted
    {
        get
        {
            lock (_gate)
            {
                return _entries.Exists(entry => entry is { Wanted: null or true, Answer: AnswerKind.Done } && entry.AskedAt >= _changedAt);
            }
        }
    }

    /// <summary>The master has a new serial, and serves it since this moment at the latest; null: nobody has seen it yet.</summary>
    public void Changed(uint serial, TimeSpan? at)
    {
        lock (_gate)
        {
            if (serial > _serial) (_serial, _changedAt) = (serial, at ?? TimeSpan.MaxValue);
        }
    }

    /// <summary>An exchange has ended.</summary>
    public void Add(LedgerEntry entry)
    {
        lock (_gate) _entries.Add(entry);
    }

    /// <summary>Whether the zone may be there, or may not be there, when everything has come to rest.</summary>
    public bool MayBe(bool isThere)
    {
        LedgerEntry[] wishes = [.. Entries.Where(entry => entry is { Wanted: not null, Answer: not AnswerKind.NotSent })];
        LedgerEntry[] against = [.. wishes.Where(entry => entry.Wanted != isThere && entry.Answer == AnswerKind.Done)];
        IEnumerable<TimeSpan> ends = wishes.Where(entry => entry.Wanted == isThere).Select(EndOf);
        // Before all requests the zone is not there.
        if (!isThere) ends = ends.Append(TimeSpan.Zero);
        return ends.Any(end => Array.TrueForAll(against, entry => entry.AskedAt <= end));
    }

    /// <summary>Everything that was asked, in the order of the answers.</summary>
    public override string ToString() => $"{Zone}: {string.Join("; ", Entries.OrderBy(entry => entry.AskedAt))}";

    private static TimeSpan EndOf(LedgerEntry entry) => entry.Answer switch
    {
        AnswerKind.Done => entry.EndedAt,
        AnswerKind.Failed => entry.EndedAt + OnItsWay,
        _ => TimeSpan.MaxValue,
    };
}
