using Agent.Backends.Contents;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Backends.Contents;

public sealed class RrsetSampleTests
{
    private static readonly DomainName Zone = DomainName.Parse("sample.example.");

    [Fact]
    public void The_name_servers_at_the_apex_are_always_drawn_and_no_more_than_asked_for_beside_them()
    {
        IReadOnlyList<SampledRrset> sample = RrsetSample.Draw(SmallZone.Create(Zone, 1, hosts: 500), 16);

        Assert.Equal(17, sample.Count);
        Assert.Contains(sample, s => s.Owner == Zone && s.Type == RecordType.NS);
        Assert.Equal(16, sample.Count(s => s.Type == RecordType.A && s.Rdatas.Count == 1 && s.Ttl == 300));
    }

    [Fact]
    public void A_serial_chooses_the_same_places_each_time_and_another_serial_others()
    {
        HashSet<DomainName> first = Names(7), again = Names(7), next = Names(8);

        Assert.Equal(first, again);
        Assert.True(first.Intersect(next).Count() < 8, "two serials look at much the same places");
    }

    [Fact]
    public void A_small_zone_is_drawn_whole_and_nothing_that_servers_do_not_answer_as_plain_data()
    {
        DomainName child = DomainName.Parse("child.sample.example.");
        using ZoneContentBuilder builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        byte[] server = DomainName.Parse("ns1.elsewhere.test.").Wire.ToArray();
        Add(Zone, RecordType.SOA, 300, [.. server, .. server, .. new byte[20]]);
        Add(Zone, RecordType.NS, 300, server);
        Add(child, RecordType.NS, 300, server);
        Add(child, RecordType.TXT, 300, [1, (byte)'a']);
        Add(child, RecordType.TXT, 600, [1, (byte)'b']);
        Assert.True(builder.TryBuild(out MemoryZoneContent? content), builder.Error.ToString());

        IReadOnlyList<SampledRrset> sample = RrsetSample.Draw(content, 16);

        Assert.Equal([RecordType.NS, RecordType.TXT], sample.Select(s => s.Type));
        Assert.Equal((2, null), (sample[1].Rdatas.Count, sample[1].Ttl));

        void Add(DomainName owner, RecordType type, uint ttl, byte[] rdata) =>
            Assert.True(builder.TryAppend(owner.Wire, type, RecordClass.IN, ttl, rdata), builder.Error.ToString());
    }

    private static HashSet<DomainName> Names(uint serial) =>
        [.. RrsetSample.Draw(SmallZone.Create(Zone, serial, hosts: 500), 16).Select(s => s.Owner)];
}
