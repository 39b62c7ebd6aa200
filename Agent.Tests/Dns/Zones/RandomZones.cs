using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Dns.Zones;

/// <summary>One record of a test, in plain arrays.</summary>
internal sealed record PlainRecord(DomainName Owner, RecordType Type, uint Ttl, byte[] Rdata)
{
    public override string ToString() => $"{Owner} {Ttl} {Type} {Convert.ToHexString(Rdata)}";
}

/// <summary>Zones and records from a seed, and small ones by hand.</summary>
internal static class RandomZones
{
    public static readonly DomainName Apex = DomainName.Parse("Example.org.");

    public static byte[] Name(string name) => DomainName.Parse(name).Wire.ToArray();

    public static byte[] Soa(uint serial, string primary = "ns.example.org.", uint minimum = 60) =>
        [.. Name(primary), .. Name("hostmaster.example.org."), .. U32(serial), .. U32(7200), .. U32(900), .. U32(604800), .. U32(minimum)];

    public static byte[] U32(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];

    public static PlainRecord SoaRecord(uint serial) => new(Apex, RecordType.SOA, 3600, Soa(serial));

    public static PlainRecord Record(string owner, RecordType type, params byte[] rdata) => new(DomainName.Parse(owner), type, 300, rdata);

    public static MemoryZoneContent Content(params IEnumerable<PlainRecord> records)
    {
        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        foreach (PlainRecord record in records)
        {
            if (!builder.TryAppend(record.Owner.Wire, record.Type, RecordClass.IN, record.Ttl, record.Rdata))
                throw new InvalidOperationException($"{builder.Error}: {record}");
        }
        return builder.TryBuild(out MemoryZoneContent? content) ? content : throw new InvalidOperationException(builder.Error.ToString());
    }

    public static List<PlainRecord> ReadRecords(ZoneContent content)
    {
        var records = new List<PlainRecord>();
        using RecordStream stream = content.Open();
        while (stream.TryRead(out StoredRecord record))
        {
            Assert.True(DomainName.TryFromWire(record.Owner, out DomainName? owner));
            records.Add(new PlainRecord(owner, record.Type, record.Ttl, record.Rdata.ToArray()));
        }
        Assert.Equal(ZoneContentError.None, stream.Error);
        return records;
    }

    /// <summary>A zone of about so many records; names repeat, so that sets of several records arise.</summary>
    public static List<PlainRecord> Zone(Random random, int count, uint serial)
    {
        var records = new List<PlainRecord> { SoaRecord(serial) };
        var seen = new HashSet<string>();
        while (records.Count < count)
        {
            PlainRecord record = Data(random);
            if (seen.Add($"{record.Owner.Fold()} {record.Type} {Convert.ToHexString(record.Rdata)}"))
                records.Add(record);
        }
        return records;
    }

    public static PlainRecord Data(Random random)
    {
        DomainName owner = Owner(random);
        uint ttl = (uint)random.Next(4) * 300;
        return random.Next(8) switch
        {
            0 => new PlainRecord(owner, RecordType.A, ttl, Bytes(random, 4)),
            1 => new PlainRecord(owner, RecordType.AAAA, ttl, Bytes(random, 16)),
            2 => new PlainRecord(owner, RecordType.NS, ttl, Owner(random).Wire.ToArray()),
            3 => new PlainRecord(owner, RecordType.MX, ttl, [0, (byte)random.Next(9), .. Owner(random).Wire]),
            4 => new PlainRecord(owner, RecordType.TXT, ttl, Text(random)),
            5 => new PlainRecord(owner, RecordType.SRV, ttl, [0, 1, 0, 2, 0, (byte)random.Next(256), .. Owner(random).Wire]),
            6 => new PlainRecord(owner, (RecordType)65400, ttl, Bytes(random, random.Next(300))),
            _ => new PlainRecord(owner, RecordType.PTR, ttl, Owner(random).Wire.ToArray()),
        };
    }

    /// <summary>A name in the zone; now and then one with octets that need escapes, or the apex.</summary>
    public static DomainName Owner(Random random)
    {
        DomainName name = Apex;
        for (int labels = random.Next(4); labels > 0; labels--)
        {
            byte[] label = random.Next(12) == 0 ? Bytes(random, 1 + random.Next(6)) : [(byte)("aAbB1*"[random.Next(6)])];
            if (name.TryPrepend(label, out DomainName? child))
                name = child;
        }
        return name;
    }

    public static byte[] Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>What makes two records the same (RFC 4034 section 6.2).</summary>
    public static string Key(PlainRecord record)
    {
        byte[] rdata = [.. record.Rdata];
        RdataCanonical.Fold(record.Type, rdata);
        return $"{record.Owner.Fold()} {record.Type} {Convert.ToHexString(rdata)}";
    }

    /// <summary>Records of differences in the stored form.</summary>
    public static byte[] Octets(IEnumerable<PlainRecord> records)
    {
        var collector = new DifferenceCollector(long.MaxValue);
        foreach (PlainRecord record in records)
            Assert.True(collector.TryAppend(record.Owner.Wire, record.Type, record.Ttl, record.Rdata));
        return collector.ToArray();
    }

    private static byte[] Text(Random random)
    {
        byte[] text = Bytes(random, random.Next(40));
        return [(byte)text.Length, .. text];
    }
}
