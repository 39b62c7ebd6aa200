using Agent.Dns.Wire;
using Agent.Tests.Dns.Zones;
using static Agent.Tests.Dns.Zones.RandomZones;

namespace Agent.Tests.Backends.PowerDnsSql;

/// <summary>Random zones with all that makes the columns of a row depend on other records: delegations with and without DS, addresses below
/// them, names without records, wildcards.</summary>
internal static class DelegatingZones
{
    private static readonly string[] Labels = ["a", "b", "c", "d", "e", "*"];

    public static List<PlainRecord> Create(Random random, DomainName zone, int count)
    {
        List<PlainRecord> records = [new(zone, RecordType.SOA, 60, Soa(1)), new(zone, RecordType.NS, 60, Name("ns.elsewhere.test."))];
        while (records.Count < count)
            Add(random, records);
        return records;
    }

    /// <summary>The same zone with another serial and some records more and less.</summary>
    public static List<PlainRecord> Change(Random random, IReadOnlyList<PlainRecord> records, uint serial, int most)
    {
        List<PlainRecord> changed = [.. records];
        changed[0] = changed[0] with { Rdata = Soa(serial) };
        for (int i = random.Next(1 + most); i > 0; i--)
        {
            if (random.Next(2) == 0 && changed.Count > 2)
                changed.RemoveAt(random.Next(2, changed.Count));
            else
                Add(random, changed);
        }

        return changed;
    }

    private static void Add(Random random, List<PlainRecord> records)
    {
        DomainName owner = records[0].Owner;
        for (int labels = random.Next(5); labels > 0; labels--)
        {
            if (owner.TryPrepend(System.Text.Encoding.ASCII.GetBytes(Labels[random.Next(Labels.Length)]), out DomainName? child))
                owner = child;
        }

        bool isApex = owner.Equals(records[0].Owner);
        PlainRecord record = random.Next(7) switch
        {
            0 or 1 when !isApex => new(owner, RecordType.NS, 60, Name("ns.elsewhere.test.")),
            2 when !isApex => new(owner, RecordType.DS, 60, [0, 1, 13, 2, .. new byte[32]]),
            3 => new(owner, RecordType.AAAA, 60, [.. new byte[15], (byte)random.Next(3)]),
            4 => new(owner, RecordType.TXT, 60, [1, (byte)('a' + random.Next(3))]),
            5 => new(owner, RecordType.MX, 60, [0, (byte)random.Next(3), .. Name("mail.elsewhere.test.")]),
            _ => new(owner, RecordType.A, 60, [192, 0, 2, (byte)random.Next(3)]),
        };
        if (!records.Any(other => Key(other) == Key(record)))
            records.Add(record);
    }
}
