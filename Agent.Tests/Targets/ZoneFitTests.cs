using Agent.Actors.Backends;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Backends.DynamicUpdate;

namespace Agent.Tests.Targets;

/// <summary>What is within a server's limits, and what an operator reads of that which is not.</summary>
public sealed class ZoneFitTests
{
    private const string Zone = "fit.example.";

    [Theory]
    [InlineData(4, null)]
    [InlineData(5, "more than 5 records: 6")]
    public void A_zone_has_a_largest_number_of_records(int hosts, string? objection) =>
        Assert.Equal(objection, Objection(new ZoneLimits { Records = 5 }, Hosts(hosts)));

    [Fact]
    public void A_zone_has_a_largest_size()
    {
        ZoneContent content = UpdateTarget.Zone(Zone, 1, Hosts(3));
        Assert.Null(ZoneFit.Objection(content, new ZoneLimits { Octets = content.ByteCount }));
        Assert.StartsWith(
            $"more than {content.ByteCount - 1} octets", ZoneFit.Objection(content, new ZoneLimits { Octets = content.ByteCount - 1 }),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3, null)]
    [InlineData(4, "more than 3 TXT records at t.fit.example.")]
    public void A_name_has_a_largest_number_of_records_of_a_type(int texts, string? objection)
    {
        string[] lines = [.. Hosts(50), "t A 192.0.2.1", "t A 192.0.2.2", "t A 192.0.2.3", .. Texts(texts)];
        Assert.Equal(objection, Objection(new ZoneLimits { Sets = [new SetLimit(Type: null, 3)] }, lines));
        Assert.Equal(objection, Objection(new ZoneLimits { Sets = [new SetLimit(RecordType.TXT, 3)] }, lines));
        Assert.Null(Objection(new ZoneLimits { Sets = [new SetLimit(RecordType.MX, 3)] }, lines));
    }

    [Fact]
    public void A_limit_of_a_type_and_one_of_all_types_both_count()
    {
        ZoneLimits limits = new() { Sets = [new SetLimit(Type: null, 6), new SetLimit(RecordType.TXT, 3)] };
        Assert.Equal("more than 3 TXT records at t.fit.example.", Objection(limits, [.. Texts(4)]));
        Assert.Equal(
            "more than 6 A records at a.fit.example.",
            Objection(limits, [.. Texts(3), .. Enumerable.Range(1, 7).Select(i => $"a A 192.0.2.{i}")]));
    }

    /// <summary>The owner's case does not make it another name.</summary>
    [Fact]
    public void Names_are_the_same_in_any_case() => Assert.Equal(
        "more than 1 A records at a.fit.example.",
        Objection(new ZoneLimits { Sets = [new SetLimit(Type: null, 1)] }, "a A 192.0.2.1", "A A 192.0.2.2"),
        ignoreCase: true);

    [Theory]
    [InlineData(3, null)]
    [InlineData(2, "records of more than 2 types at a.fit.example.")]
    public void A_name_has_a_largest_number_of_types(int limit, string? objection) => Assert.Equal(
        objection,
        Objection(
            new ZoneLimits { TypesPerName = limit },
            "a A 192.0.2.1", "a A 192.0.2.2", "a A 192.0.2.3", "a A 192.0.2.4", $"a {Signature("A")}", $"a {Signature("TXT")}"));

    [Theory]
    [InlineData("h HINFO a b", "records of type HINFO at h.fit.example.: it was never liked")]
    [InlineData("x TYPE300 \\# 1 00", "records of type TYPE300 at x.fit.example.")]
    [InlineData("x TYPE301 \\# 1 00", null)]
    public void Some_types_cannot_be_held(string line, string? objection) => Assert.Equal(
        objection,
        Objection(
            new ZoneLimits
            {
                Types = [new TypeLimit(RecordType.HINFO, "it was never liked"), new TypeLimit((RecordType)299, (RecordType)300, Why: null)],
            },
            line));

    [Fact]
    public void A_record_has_a_largest_size_and_the_hint_says_where_the_limit_comes_from()
    {
        ZoneLimits limits = new() { DataOctets = 200, Hint = "so says the server" };
        Assert.Null(Objection(limits, $"t TXT \"{new string('x', 199)}\""));
        Assert.Equal(
            "more than 200 octets of data in a TXT record at t.fit.example. (so says the server)",
            Objection(limits, $"t TXT \"{new string('x', 200)}\""));
    }

    [Fact]
    public void Limits_are_equal_when_they_say_the_same()
    {
        ZoneLimits one = new() { Sets = [new SetLimit(RecordType.A, 8)], Types = [new TypeLimit(RecordType.HINFO)], TypesPerName = 7 };
        ZoneLimits same = new() { Sets = [new SetLimit(RecordType.A, 8)], Types = [new TypeLimit(RecordType.HINFO)], TypesPerName = 7 };
        Assert.Equal(one, same);
        Assert.Equal(one.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(one, same with { Sets = [new SetLimit(RecordType.A, 9)] });
        Assert.NotEqual(one, same with { Types = [] });
        Assert.NotEqual(one, same with { TypesPerName = 8 });
        Assert.Equal(ZoneLimits.None, new ZoneLimits { Sets = default, Types = default });
    }

    private static string? Objection(ZoneLimits limits, params string[] lines) =>
        ZoneFit.Objection(UpdateTarget.Zone(Zone, 1, lines), limits);

    private static string[] Hosts(int count) => [.. Enumerable.Range(0, count).Select(i => $"h{i} A 192.0.2.{i}")];

    private static IEnumerable<string> Texts(int count) => Enumerable.Range(0, count).Select(i => $"t TXT x{i}");

    private static string Signature(string covered) =>
        $"RRSIG {covered} 8 3 300 20300101000000 20200101000000 1234 example.org. AwEAAQ==";
}
