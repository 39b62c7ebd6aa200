using System.Buffers.Binary;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Backends;

/// <summary>Zone contents for drivers: a SOA, a name server elsewhere, and some hosts.</summary>
internal static class SmallZone
{
    public static ZoneContent Create(string zone, uint serial, int hosts = 1) => Create(DomainName.Parse(zone), serial, hosts);

    public static ZoneContent Create(DomainName zone, uint serial, int hosts = 1)
    {
        // Outside the zone, so that no rule for host names or glue stands between a strange zone and its server.
        DomainName server = DomainName.Parse("ns1.elsewhere.test.");
        ZoneContentBuilder builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        byte[] numbers = new byte[20];
        uint[] values = [serial, 3600, 600, 86400, 300];
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(numbers.AsSpan(i * 4), values[i]);
        Add(builder, zone, RecordType.SOA, [.. server.Wire, .. server.Wire, .. numbers]);
        Add(builder, zone, RecordType.NS, server.Wire.ToArray());
        if (server.IsSameOrBelow(zone))
            Add(builder, server, RecordType.A, [127, 0, 0, 1]);
        for (int i = 0; i < hosts; i++)
        {
            if (zone.TryPrepend(System.Text.Encoding.ASCII.GetBytes($"h{i}"), out DomainName? host))
                Add(builder, host, RecordType.A, [192, 0, (byte)(i >> 8), (byte)i]);
        }

        Assert.True(builder.TryBuild(out MemoryZoneContent? content), builder.Error.ToString());
        return content;
    }

    private static void Add(ZoneContentBuilder builder, DomainName owner, RecordType type, byte[] rdata) =>
        Assert.True(builder.TryAppend(owner.Wire, type, RecordClass.IN, 300, rdata), $"{owner} {type}: {builder.Error}");
}
