using System.Buffers.Binary;
using Agent.Actors.Journal;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Bench.Journal;

/// <summary>Rows of small zones as an agent writes them once a zone is served everywhere.</summary>
internal static class SampleRows
{
    private const uint LongSeconds = 864_000;

    /// <summary>A zone with content, verified by one target, that no timer touches for days.</summary>
    /// <param name="generation">It is the serial too.</param>
    /// <param name="records">All of them: SOA, NS, and addresses.</param>
    public static ZoneRow Of(string name, long generation, DateTimeOffset now, int records = 10, string target = "embedded") => new()
    {
        Name = DomainName.Parse(name),
        Wish = ZoneWish.Present,
        Generation = generation,
        Content = Content(name, (uint)generation, records),
        ChangedAt = now,
        RefreshedAt = now,
        Targets = [new TargetProgress(target, TargetZoneState.Verified, (uint)generation, now, null)],
    };

    /// <summary>SOA, NS and addresses.</summary>
    public static MemoryZoneContent Content(string apex, uint serial, int records)
    {
        using ZoneContentBuilder builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        byte[] name = DomainName.Parse(apex).Wire.ToArray();
        byte[] numbers = new byte[20];
        foreach ((int index, uint number) in ((uint[])[serial, LongSeconds, 3600, 10 * LongSeconds, 300]).Index())
            BinaryPrimitives.WriteUInt32BigEndian(numbers.AsSpan(4 * index), number);
        byte[] server = DomainName.Parse("ns1." + apex).Wire.ToArray();
        Append(builder, name, RecordType.SOA, [.. server, .. name, .. numbers]);
        Append(builder, name, RecordType.NS, server);
        Append(builder, server, RecordType.A, [127, 0, 0, 1]);
        for (int host = 3; host < records; host++)
            Append(builder, DomainName.Parse($"host{host}.{apex}").Wire.ToArray(), RecordType.A, [192, 0, (byte)(host >> 8), (byte)host]);
        return builder.TryBuild(out MemoryZoneContent? content)
            ? content
            : throw new InvalidOperationException($"{apex}: {builder.Error}");
    }

    private static void Append(ZoneContentBuilder builder, byte[] owner, RecordType type, byte[] rdata)
    {
        if (!builder.TryAppend(owner, type, RecordClass.IN, 3600, rdata)) throw new InvalidOperationException($"{type}: {builder.Error}");
    }
}
