using Agent.Dns.Catalogs;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Dns.Catalogs;

public class CatalogReaderTests
{
    private const string Head = """
        $ORIGIN catalog.example.
        @ 0 IN SOA invalid. invalid. 1 60 10 2147483646 0
        @ 0 IN NS invalid.

        """;

    [Fact]
    public void Members_come_with_their_properties()
    {
        CatalogReading reading = Read("""
            version 0 IN TXT "2"
            a1.zones 0 IN PTR one.example.
            B2.ZONES 0 IN PTR Two.example.
            group.a1.zones 0 IN TXT "slow"
            group.a1.zones 0 IN TXT "sig" "ned"
            COO.b2.zones 0 IN PTR other.catalog.example.
            """);

        Assert.Null(reading.Problem);
        Assert.Equal(2, reading.Catalog!.Version);
        CatalogMember one = Member(reading, "one.example.");
        Assert.Equal("a1", one.Label);
        Assert.Equal(["signed", "slow"], one.Groups.AsEnumerable());
        Assert.Null(one.NextOwner);
        CatalogMember two = Member(reading, "two.example.");
        Assert.Equal("b2", two.Label);
        Assert.Equal(DomainName.Parse("other.catalog.example."), two.NextOwner);
    }

    [Fact]
    public void The_form_before_the_standard_has_members_and_no_properties()
    {
        CatalogReading reading = Read("""
            version 0 IN TXT "1"
            a.zones 0 IN PTR one.example.
            group.a.zones 0 IN TXT "x"
            coo.a.zones 0 IN PTR other.example.
            masters.ext.a.zones 0 IN A 192.0.2.1
            """);

        CatalogMember one = Assert.Single(reading.Catalog!.Members);
        Assert.Empty(one.Groups);
        Assert.Null(one.NextOwner);
    }

    [Fact]
    public void What_is_not_known_is_passed_over()
    {
        CatalogReading reading = Read("""
            version 0 IN TXT "2"
            version 0 IN A 192.0.2.1
            version.ext 0 IN TXT "3"
            ext 0 IN TXT "anything"
            serial.a.zones 0 IN TXT "5"
            x.ext.a.zones 0 IN PTR nothing.example.
            a.zones 0 IN TXT "no member"
            a.zones 0 IN PTR one.example.
            group.stray.zones 0 IN TXT "of no member"
            zones 0 IN PTR apex.of.zones.example.
            b.members 0 IN PTR elsewhere.example.
            """);

        Assert.Null(reading.Problem);
        Assert.Equal(DomainName.Parse("one.example."), Assert.Single(reading.Catalog!.Members).Zone);
    }

    [Fact]
    public void An_empty_catalog_is_a_catalog() => Assert.Empty(Read("version 0 IN TXT \"2\"").Catalog!.Members);

    [Theory]
    [InlineData("a.zones 0 IN PTR one.example.", "no version")]
    [InlineData("version 0 IN TXT \"3\"", "neither 1 nor 2")]
    [InlineData("version 0 IN TXT \"2\" \"\"", "neither 1 nor 2")]
    [InlineData("version 0 IN TXT \"\"", "neither 1 nor 2")]
    [InlineData("version 0 IN TXT \"1\"\nversion 0 IN TXT \"2\"", "two versions")]
    [InlineData("version 0 IN TXT \"2\"\na.zones 0 IN PTR one.example.\na.zones 0 IN PTR two.example.", "a.zones stands for two zones")]
    [InlineData("version 0 IN TXT \"2\"\na.zones 0 IN PTR one.example.\nb.zones 0 IN PTR ONE.example.", "is a member twice, as a and as b")]
    [InlineData(
        "version 0 IN TXT \"2\"\na.zones 0 IN PTR one.example.\ncoo.a.zones 0 IN PTR x.\ncoo.a.zones 0 IN PTR y.", "two other catalogs")]
    public void A_broken_catalog_is_not_processed(string records, string why)
    {
        CatalogReading reading = Read(records);

        Assert.Null(reading.Catalog);
        Assert.Contains(why, reading.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_catalog_beyond_the_bound_is_refused()
    {
        const string Two = "version 0 IN TXT \"2\"\na.zones 0 IN PTR one.example.\nb.zones 0 IN PTR two.example.";

        Assert.NotNull(Read(Two, 2).Catalog);
        Assert.Contains("more than 1 members", Read(Two, 1).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_without_member_count_by_themselves()
    {
        const string One = "version 0 IN TXT \"2\"\ngroup.a.zones 0 IN TXT \"x\"\ngroup.b.zones 0 IN TXT \"x\"\nm.zones 0 IN PTR one.example.";

        Assert.Single(Read(One, 2).Catalog!.Members);
        Assert.Contains("more than 1 labels without member", Read(One, 1).Problem, StringComparison.Ordinal);
    }

    private static CatalogReading Read(string records, int most = 100)
    {
        bool isRead = ZoneFileReader.TryParse(
            Head + records + "\n", DomainName.Parse("catalog.example."), out MemoryZoneContent? content, out ZoneFileError? error);
        Assert.True(isRead, error?.ToString());
        return CatalogReader.Read(content!, most);
    }

    private static CatalogMember Member(CatalogReading reading, string zone) =>
        Assert.Single(reading.Catalog!.Members, m => m.Zone == DomainName.Parse(zone));
}
