using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Agent.Actors.Journal;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Actors.Zones;

/// <summary>
/// The rows of one shard's zones at rest: what is alike in all of them (names of targets, timers, where contents lie) is held once, and
/// the rest of a row is one array. A row about which there is more to say (a reason, a candidate, an owner) stays as it is.
/// </summary>
/// <remarks>
/// A row that is taken up again equals the one that was put to rest, but that its content is another handle on the same octets. Nothing is
/// read from the store for it. Numbers are written seven bits to an octet, times as differences in milliseconds, or in ticks where
/// that would
/// lose something.
/// </remarks>
internal sealed class RestingRows
{
    private const int OctetsMax = 512;
    private const int AlikeMax = 100;
    private const byte StateMask = 3;
    private const int SigningShift = 4;
    private static readonly long Epoch = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    private readonly Alike<string> _targets = new(StringComparer.Ordinal);
    private readonly Alike<SoaTimers> _timers = new(EqualityComparer<SoaTimers>.Default);
    private readonly Alike<ZoneContentPlace> _places = new(ReferenceEqualityComparer.Instance);

    /// <summary>Below the two bits of what is known about signatures.</summary>
    [Flags]
    private enum Has : byte
    {
        None = 0,
        Content = 1,
        RefreshedAt = 2,
        Lifetime = 4,
        Absent = 8,
    }

    /// <summary>Above the two bits of the state.</summary>
    [Flags]
    private enum TargetHas : byte
    {
        None = 0,
        Serial = 4,
        SerialOfContent = 8,
        VerifiedAt = 16,
        Leaving = 32,
        Released = 64,
    }

    /// <summary>What to hold of the row: an array, or the row itself.</summary>
    public object Rest(ZoneRow row)
    {
        RestingWriter writer = new(stackalloc byte[OctetsMax]);
        return TryWrite(ref writer, row) ? writer.ToArray() : row;
    }

    /// <summary>The row again; null for none.</summary>
    /// <param name="name">The name of its zone, in any case.</param>
    [return: NotNullIfNotNull(nameof(kept))]
    public ZoneRow? Row(DomainName name, object? kept) => kept is byte[] octets ? Read(name.Fold(), octets) : (ZoneRow?)kept;

    /// <summary>There is nothing to say of the row but what stands in the array. A name in capitals is kept with the row.</summary>
    private static bool IsPlain(ZoneRow row) =>
        row is { Reason: null, ReasonSince: null, RefusedSince: null, Candidate: null, Owner: null, Generation: >= 0, Targets.Length: <= 8 }
        && ReferenceEquals(row.Name.Fold(), row.Name)
        && row.ChangedAt.Offset == TimeSpan.Zero && IsUtc(row.RefreshedAt) && row.Lifetime is not { Ticks: < 0 }
        && (row.Content is not { } content || (content.Origin is null && content.Apex.Wire.SequenceEqual(row.Name.Wire)))
        && row.Targets.All(target => target.Reason is null && IsUtc(target.VerifiedAt));

    private static bool IsUtc(DateTimeOffset? time) => time is not { } given || given.Offset == TimeSpan.Zero;

    private bool TryWrite(ref RestingWriter writer, ZoneRow row)
    {
        if (!IsPlain(row)) return false;
        Has has = (row.Wish == ZoneWish.Absent ? Has.Absent : Has.None)
            | (row.Content is null ? Has.None : Has.Content)
            | (row.RefreshedAt is null ? Has.None : Has.RefreshedAt)
            | (row.Lifetime is null ? Has.None : Has.Lifetime);
        writer.Octet((byte)((int)has | ((int)(row.Content?.Signing ?? ContentSigning.Unknown) << SigningShift)));
        writer.Number((ulong)row.Generation);
        writer.Time(row.ChangedAt.Ticks - Epoch);
        if (row.RefreshedAt is { } refreshed) writer.Time(refreshed.Ticks - row.ChangedAt.Ticks);
        if (row.Lifetime is { } lifetime) writer.Time(lifetime.Ticks);
        if (row.Content is { } content && !TryWrite(ref writer, content)) return false;
        writer.Number((ulong)row.Targets.Length);
        foreach (TargetProgress target in row.Targets)
        {
            if (!TryWrite(ref writer, target, row)) return false;
        }

        return true;
    }

    private bool TryWrite(ref RestingWriter writer, ZoneContent content)
    {
        if (content.Place is not { } place || _places.IndexOf(place) is not { } at) return false;
        ZoneFacts facts = content.Facts;
        writer.Number((ulong)at);
        writer.Number(facts.Serial);
        // Few zones have timers of their own; those name none of the table and bring theirs along.
        int? timers = _timers.IndexOf(facts.Soa);
        writer.Number((ulong)(timers ?? AlikeMax));
        if (timers is null)
        {
            writer.Number(facts.Soa.RefreshSeconds);
            writer.Number(facts.Soa.RetrySeconds);
            writer.Number(facts.Soa.ExpireSeconds);
            writer.Number(facts.Soa.MinimumSeconds);
        }

        writer.Number(facts.SoaTtlSeconds);
        writer.Number((ulong)facts.RecordCount);
        writer.Number((ulong)facts.ByteCount);
        writer.Hash(facts.Hash);
        return true;
    }

    private bool TryWrite(ref RestingWriter writer, TargetProgress target, ZoneRow row)
    {
        if (_targets.IndexOf(target.Target) is not { } at) return false;
        bool isOfContent = target.Serial is { } served && served == row.Content?.Serial;
        TargetHas has = (target.Serial is null ? TargetHas.None : TargetHas.Serial)
            | (isOfContent ? TargetHas.SerialOfContent : TargetHas.None)
            | (target.VerifiedAt is null ? TargetHas.None : TargetHas.VerifiedAt)
            | (target.IsLeaving ? TargetHas.Leaving : TargetHas.None)
            | (target.IsReleased ? TargetHas.Released : TargetHas.None);
        writer.Number((ulong)at);
        writer.Octet((byte)((int)has | (int)target.State));
        if (target.Serial is { } serial && !isOfContent) writer.Number(serial);
        if (target.VerifiedAt is { } verified) writer.Time(verified.Ticks - row.ChangedAt.Ticks);
        return true;
    }

    private ZoneRow Read(DomainName name, byte[] octets)
    {
        RestingReader reader = new(octets);
        byte octet = reader.Octet();
        var has = (Has)octet;
        long generation = (long)reader.Number();
        long changed = reader.Time() + Epoch;
        DateTimeOffset? refreshed = has.HasFlag(Has.RefreshedAt) ? new DateTimeOffset(changed + reader.Time(), TimeSpan.Zero) : null;
        TimeSpan? lifetime = has.HasFlag(Has.Lifetime) ? new TimeSpan(reader.Time()) : null;
        ZoneContent? content = has.HasFlag(Has.Content) ? ReadContent(ref reader, name) : null;
        if (content is not null) content.Signing = (ContentSigning)(octet >> SigningShift);
        var targets = new TargetProgress[(int)reader.Number()];
        for (int index = 0; index < targets.Length; index++) targets[index] = ReadTarget(ref reader, content, changed);
        return new ZoneRow
        {
            Name = name,
            Wish = has.HasFlag(Has.Absent) ? ZoneWish.Absent : ZoneWish.Present,
            Generation = generation,
            ChangedAt = new DateTimeOffset(changed, TimeSpan.Zero),
            RefreshedAt = refreshed,
            Lifetime = lifetime,
            Content = content,
            Targets = ImmutableCollectionsMarshal.AsImmutableArray(targets),
        };
    }

    private ZoneContent ReadContent(ref RestingReader reader, DomainName name)
    {
        ZoneContentPlace place = _places[(int)reader.Number()];
        uint serial = (uint)reader.Number();
        int at = (int)reader.Number();
        SoaTimers timers = at < AlikeMax
            ? _timers[at]
            : new SoaTimers((uint)reader.Number(), (uint)reader.Number(), (uint)reader.Number(), (uint)reader.Number());
        return place.Content(new ZoneFacts(
            name, serial, timers, (uint)reader.Number(), (long)reader.Number(), (long)reader.Number(), reader.Hash()));
    }

    private TargetProgress ReadTarget(ref RestingReader reader, ZoneContent? content, long changed)
    {
        string target = _targets[(int)reader.Number()];
        byte octet = reader.Octet();
        var has = (TargetHas)(octet & ~StateMask);
        uint? serial = has.HasFlag(TargetHas.SerialOfContent) ? content!.Serial
            : has.HasFlag(TargetHas.Serial) ? (uint)reader.Number() : null;
        DateTimeOffset? verified = has.HasFlag(TargetHas.VerifiedAt) ? new DateTimeOffset(changed + reader.Time(), TimeSpan.Zero) : null;
        return new TargetProgress(target, (TargetZoneState)(octet & StateMask), serial, verified, null)
        {
            IsLeaving = has.HasFlag(TargetHas.Leaving),
            IsReleased = has.HasFlag(TargetHas.Released),
        };
    }

    /// <summary>Values that many rows share, by number; a bounded table, so that rows that are all different do not fill it.</summary>
    private sealed class Alike<T>(IEqualityComparer<T> comparer)
        where T : notnull
    {
        private readonly Dictionary<T, int> _numbers = new(comparer);
        private readonly List<T> _values = [];

        public T this[int number] => _values[number];

        /// <summary>Null when the table is full and has it not.</summary>
        public int? IndexOf(T value)
        {
            if (_numbers.TryGetValue(value, out int known)) return known;
            if (_values.Count == AlikeMax) return null;
            _values.Add(value);
            _numbers.Add(value, _values.Count - 1);
            return _values.Count - 1;
        }
    }
}
