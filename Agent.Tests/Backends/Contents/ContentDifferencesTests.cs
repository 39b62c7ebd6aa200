using Agent.Actors.Backends;
using Agent.Backends.Contents;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Backends.Contents;

/// <summary>What counts as a difference between served and wanted records where only their TTL differs.</summary>
public sealed class ContentDifferencesTests
{
    private const string Apex = "ttl.example.";
    private const string Head = "@ 300 IN SOA ns.elsewhere.test. h.elsewhere.test. 1 2 3 4 5\n@ 300 IN NS ns.elsewhere.test.\n";

    [Theory]
    [InlineData(300)]
    [InlineData(600)]
    public void A_set_that_came_with_several_TTLs_may_be_served_with_any_one_of_them(int ttl)
    {
        ZoneContent wanted = Parse("t 300 A 192.0.2.1\nT 600 A 192.0.2.2\nm 300 MX 1 A.test.\nm 600 MX 2 B.test.\nz 60 A 192.0.2.3");
        string addresses = $"t {ttl} A 192.0.2.1\nt {ttl} A 192.0.2.2\nz 60 A 192.0.2.3";
        ZoneContent served = Parse($"{addresses}\nm {ttl} MX 1 a.test.\nm {ttl} MX 2 b.test.");

        Assert.Equal((0L, 0L), Count(served, wanted, sparesServers: true));
        (long foreign, long missing) = Count(served, wanted, sparesServers: false);
        Assert.Equal((2L, 2L), (foreign, missing));
    }

    [Fact]
    public void Records_that_come_or_go_beside_such_a_set_are_told()
    {
        ZoneContent wanted = Parse("t 300 A 192.0.2.1\nt 600 A 192.0.2.2\nt 600 A 192.0.2.4");
        ZoneContent served = Parse("t 300 A 192.0.2.1\nt 300 A 192.0.2.2\nt 300 A 192.0.2.3");

        Assert.Equal((1L, 1L), Count(served, wanted, sparesServers: true));
    }

    [Theory]
    [InlineData("t 300 A 192.0.2.1\nt 600 A 192.0.2.2", "t 30 A 192.0.2.1\nt 30 A 192.0.2.2", 2)]
    [InlineData("t 300 A 192.0.2.1\nt 300 A 192.0.2.2", "t 600 A 192.0.2.1\nt 600 A 192.0.2.2", 2)]
    [InlineData("t 300 A 192.0.2.1\nt 600 AAAA 2001:db8::1", "t 600 A 192.0.2.1\nt 300 AAAA 2001:db8::1", 2)]
    [InlineData("t 300 A 192.0.2.1\nu 600 A 192.0.2.1", "t 600 A 192.0.2.1\nu 600 A 192.0.2.1", 1)]
    public void Another_TTL_than_the_set_came_with_is_somebodys_work(string wanted, string served, long count) =>
        Assert.Equal((count, count), Count(Parse(served), Parse(wanted), sparesServers: true));

    [Fact]
    public void The_TTL_of_denials_is_the_servers() => Assert.Equal(
        (0L, 0L), Count(Parse("t 300 NSEC u A NSEC"), Parse("t 600 NSEC u A NSEC"), sparesServers: true));

    private static (long Foreign, long Missing) Count(ZoneContent served, ZoneContent wanted, bool sparesServers)
    {
        Assert.True(ContentDifferences.TryFind(served, wanted, 20, sparesServers, out ContentDifference? difference));
        return (difference.ForeignCount, difference.MissingCount);
    }

    private static ZoneContent Parse(string records)
    {
        bool isParsed = ZoneFileReader.TryParse(Head + records + "\n", DomainName.Parse(Apex), out var content, out ZoneFileError? error);
        Assert.True(isParsed, $"{error}");
        return content!;
    }
}
