using System.Buffers.Binary;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Zones;

/// <summary>Small real contents for tests of what happens around them.</summary>
internal static class SampleZones
{
    public static ZoneContent Content(string zone, uint serial, int addresses = 1, uint refreshSeconds = 3600)
    {
        DomainName apex = DomainName.Parse(zone);
        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        byte[] server = DomainName.Parse($"ns1.{zone}").Wire.ToArray();
        byte[] soa = new byte[(2 * server.Length) + 20];
        server.CopyTo(soa, 0);
        server.CopyTo(soa, server.Length);
        uint[] numbers = [serial, refreshSeconds, 600, 86400, 300];
        for (int i = 0; i < numbers.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(soa.AsSpan((2 * server.Length) + (4 * i)), numbers[i]);
        Assert.True(builder.TryAppend(apex.Wire, RecordType.SOA, RecordClass.IN, 300, soa));
        Assert.True(builder.TryAppend(apex.Wire, RecordType.NS, RecordClass.IN, 300, server));
        for (int i = 0; i < addresses; i++)
        {
            byte[] owner = DomainName.Parse($"host{i}.{zone}").Wire.ToArray();
            Assert.True(builder.TryAppend(owner, RecordType.A, RecordClass.IN, 300, [192, 0, 2, (byte)i]));
        }

        Assert.True(builder.TryBuild(out MemoryZoneContent? content), builder.Error.ToString());
        return content;
    }
}
