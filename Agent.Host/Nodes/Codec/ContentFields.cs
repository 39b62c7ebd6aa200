using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Host.Journal;

namespace Agent.Host.Nodes;

/// <summary>
/// The content of a zone: its facts always, its octets when they are few and in memory. Otherwise the receiver fetches them by their hash;
/// reading a disk or a database has no place where messages are written.
/// </summary>
internal static class ContentFields
{
    /// <summary>The most octets that travel inside a message.</summary>
    public const int InlineMaximum = 16 * 1024;

    public static void Write(FieldWriter writer, ZoneContent content)
    {
        writer.Nested(1, content.Facts, WriteFacts);
        if (content.ByteCount <= InlineMaximum && InMemory(content, out ReadOnlySpan<byte> octets)) writer.Octets(2, octets);
        else writer.Referred?.Invoke(content);
    }

    /// <summary>A content that was checked as if it came from a master; null when it is damaged or not at hand.</summary>
    public static ZoneContent? Read(ref FieldReader reader)
    {
        ZoneFacts? facts = null;
        byte[]? octets = null;
        while (reader.Next())
        {
            if (reader.Field == 1) facts = reader.Nested(ReadFacts);
            else if (reader.Field == 2) octets = reader.Octets().ToArray();
        }
        if (reader.IsBroken || facts is null) return null;
        if (octets is not null)
        {
            MemoryZoneContent? content = null;
            bool isWhole = octets.Length == facts.ByteCount
                && MemoryZoneContent.TryLoad(octets, out content) == ZoneContentError.None && content!.Facts == facts;
            return isWhole ? content : null;
        }
        ZoneContent? found = reader.Context.FindContent?.Invoke(facts);
        if (found is null) reader.Context.Missing = facts;
        return found is null || found.Facts == facts ? found ?? new ContentElsewhere(facts) : null;
    }

    /// <summary>Whether a content, if there is one, is that of the zone.</summary>
    public static bool IsOf(ZoneContent? content, DomainName zone) => content is null || content.Apex == zone;

    private static bool InMemory(ZoneContent content, out ReadOnlySpan<byte> octets)
    {
        octets = content switch
        {
            MemoryZoneContent memory => memory.Bytes.Span,
            FreshZoneContent { Octets: { } fresh } => fresh,
            _ => default,
        };
        return !octets.IsEmpty;
    }

    private static void WriteFacts(FieldWriter writer, ZoneFacts facts)
    {
        Span<byte> hash = stackalloc byte[ContentHash.Size];
        facts.Hash.CopyTo(hash);
        writer.Name(1, facts.Apex);
        writer.Unsigned(2, facts.Serial);
        writer.Unsigned(3, facts.Soa.RefreshSeconds);
        writer.Unsigned(4, facts.Soa.RetrySeconds);
        writer.Unsigned(5, facts.Soa.ExpireSeconds);
        writer.Unsigned(6, facts.Soa.MinimumSeconds);
        writer.Unsigned(7, facts.SoaTtlSeconds);
        writer.Signed(8, facts.RecordCount);
        writer.Signed(9, facts.ByteCount);
        writer.Octets(10, hash);
    }

    private static ZoneFacts? ReadFacts(ref FieldReader reader)
    {
        DomainName? apex = null;
        uint? serial = null;
        var timers = default(SoaTimers);
        uint soaTtl = 0;
        long records = 0;
        long octets = 0;
        ContentHash? hash = null;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: apex = reader.Name(); break;
                case 2: serial = reader.UInt32(); break;
                case 3: timers = timers with { RefreshSeconds = reader.UInt32() }; break;
                case 4: timers = timers with { RetrySeconds = reader.UInt32() }; break;
                case 5: timers = timers with { ExpireSeconds = reader.UInt32() }; break;
                case 6: timers = timers with { MinimumSeconds = reader.UInt32() }; break;
                case 7: soaTtl = reader.UInt32(); break;
                case 8: records = reader.Signed(); break;
                case 9: octets = reader.Signed(); break;
                case 10: hash = ContentHash.TryFromBytes(reader.Octets(), out ContentHash read) ? read : null; break;
            }
        }
        bool isWhole = apex is not null && serial is not null && hash is not null && records > 0 && octets > 0;
        return isWhole ? new ZoneFacts(apex!, serial!.Value, timers, soaTtl, records, octets, hash!.Value) : null;
    }

    /// <summary>Stands for a content while the rest of its message is read; no message with it is ever delivered.</summary>
    private sealed class ContentElsewhere(ZoneFacts facts) : ZoneContent(facts)
    {
        public override RecordStream Open() => throw new IOException($"The content of {Apex} is on another node.");
    }
}
