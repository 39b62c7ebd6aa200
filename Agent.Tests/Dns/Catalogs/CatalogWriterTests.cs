using Agent.Dns.Catalogs;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Dns.Catalogs;

public class CatalogWriterTests
{
    private static readonly DomainName Name = DomainName.Parse("catalog.example.");

    private static readonly CatalogMember Plain = new(DomainName.Parse("one.example."), "a1", [], null);

    private static readonly CatalogMember Full = new(
        DomainName.Parse(@"odd\.na\000me.example."), "b2", ["signed", new string('g', 300)], DomainName.Parse("other.example."));

    [Fact]
    public void What_is_written_is_read_back()
    {
        MemoryZoneContent content = CatalogWriter.Write(Name, 7, [Plain, Full]);

        Catalog catalog = Read(content);
        Assert.Equal((Name, 7u, 2), (catalog.Name, content.Serial, catalog.Version));
        Assert.Equal([Full.Zone, Plain.Zone], catalog.Members.Select(member => member.Zone).Order());
        CatalogMember full = catalog.Members.Single(member => member.Zone == Full.Zone);
        Assert.Equal(("b2", Full.NextOwner), (full.Label, full.NextOwner));
        Assert.Equal(Full.Groups.Order(StringComparer.Ordinal), full.Groups.AsEnumerable());
    }

    [Fact]
    public void A_catalog_without_members_is_a_catalog() => Assert.Empty(Read(CatalogWriter.Write(Name, 1, [])).Members);

    [Fact]
    public void A_difference_makes_the_next_version_of_the_last()
    {
        MemoryZoneContent before = CatalogWriter.Write(Name, 7, [Plain]);
        DifferenceSequence step = CatalogWriter.WriteDifference(Name, 7, 9, [Plain], [Full]);

        Assert.Equal((7u, 9u, 1L, 4L), (step.FromSerial, step.ToSerial, step.DeletedCount, step.AddedCount));
        Assert.Equal(ZoneDiffError.None, DifferenceFold.TryFold(Name, step, out DifferenceFold? fold));
        using (fold)
        {
            using RecordStream from = before.Open();
            using ZoneContentBuilder builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
            Assert.Equal(ZoneDiffError.None, fold!.TryApply(from, builder));
            Assert.True(builder.TryBuild(out MemoryZoneContent? after));
            Assert.Equal(9u, after.Serial);
            Assert.Equal([Full.Zone], Read(after).Members.Select(member => member.Zone));
        }
    }

    [Fact]
    public void A_label_that_has_no_room_is_refused()
    {
        Assert.Throws<ArgumentException>(() => CatalogWriter.Write(Name, 1, [Plain with { Label = new string('x', 64) }]));
        Assert.Throws<ArgumentException>(() => CatalogWriter.Write(Name, 1, [Plain with { Label = "a.b" }]));
        Assert.Throws<ArgumentException>(() => CatalogWriter.WriteDifference(Name, 9, 9, [], [Plain]));
    }

    private static Catalog Read(ZoneContent content)
    {
        CatalogReading reading = CatalogReader.Read(content, 10);
        Assert.Null(reading.Problem);
        return reading.Catalog!;
    }
}
