using Agent.Actors.Backends;
using Agent.Backends.Gdnsd;
using Agent.Bench.Peers;
using Agent.Dns.Records;
using Agent.Dns.Zones;
using Agent.Tests.Backends.DynamicUpdate;

namespace Agent.Tests.Backends.Gdnsd;

/// <summary>What is refused beforehand is what gdnsd itself does not load, and what it loads is not refused.</summary>
[Trait("Category", "Peer")]
public sealed class GdnsdContentRulesTests
{
    private const string Zone = "rules.example.";

    [Theory]
    [InlineData("h HINFO PC Linux", "records of type HINFO at h.rules.example.")]
    [InlineData("x TYPE65295 \\# 1 00", "records of type")]
    [InlineData("x TYPE65400 \\# 0", "a record without data, of which gdnsd dies: TYPE65400")]
    [InlineData("c CNAME a.example.;c CNAME b.example.", "several CNAME records at c.rules.example.")]
    [InlineData("c CNAME a.example.;c TXT x", "TXT beside the CNAME at c.rules.example.")]
    [InlineData("c TXT x;c CNAME a.example.", "TXT beside the CNAME at c.rules.example.")]
    [InlineData("*.w NS ns.elsewhere.example.", "a delegation by a wildcard")]
    [InlineData("d NS ns.elsewhere.example.;d TXT x", "data at a delegation other than NS and addresses: TXT")]
    [InlineData("d NS ns.elsewhere.example.;x.y.d TXT x", "data below a delegation other than addresses: TXT")]
    [InlineData("d NS ns.elsewhere.example.;e.d NS ns.elsewhere.example.", "data below a delegation other than addresses: NS")]
    [InlineData("d NS ns.elsewhere.example.;*.d A 192.0.2.1", "data below a delegation other than addresses: A")]
    [InlineData("d NS ns.d", "a name server in a delegated part of it that has no address here: ns.d.rules.example.")]
    [InlineData("@ NS ns.d;d NS ns.elsewhere.test.", "a name server in a delegated part of it that has no address here: ns.d.rules.example.")]
    [InlineData("a CNAME b;b CNAME a", "a ring of them")]
    public async Task What_gdnsd_does_not_load_is_refused(string lines, string objection)
    {
        ZoneContent content = UpdateTarget.Zone(Zone, 1, ["@ NS ns1.elsewhere.test.", .. lines.Split(';')]);

        Assert.Contains(objection, Objection(content), StringComparison.Ordinal);
        Assert.False(await IsLoadedAsync(content));
    }

    [Theory]
    [InlineData(64, false)]
    [InlineData(65, true)]
    public async Task Name_servers_have_a_limit(int count, bool isRefused) => await AgreesAsync(
        isRefused, [.. Enumerable.Range(0, count).Select(i => $"@ NS n{i}.elsewhere.test.")]);

    [Theory]
    [InlineData(16, false)]
    [InlineData(17, true)]
    public async Task Chains_of_aliases_have_a_limit(int count, bool isRefused) => await AgreesAsync(
        isRefused, ["@ NS ns1.elsewhere.test.", .. Enumerable.Range(0, count).Select(i => $"c{i} CNAME c{i + 1}")]);

    [Theory]
    [InlineData(60, false)]
    [InlineData(64, true)]
    public async Task The_records_of_a_name_and_type_have_a_limit(int count, bool isRefused) => await AgreesAsync(
        isRefused,
        ["@ NS ns1.elsewhere.test.", .. Enumerable.Range(0, count).Select(i => $"t TXT \"{i:D4}{new string('x', 246)}\"")]);

    [Theory]
    [InlineData("d NS ns.d;ns.d A 192.0.2.1")]
    [InlineData("@ NS ns;d NS ns2")]
    [InlineData("@ DNSKEY 256 3 8 AwEAAQ==;@ NSEC3PARAM 1 0 12 AABBCCDD;x.y.z.* TXT x")]
    public async Task What_gdnsd_loads_is_not_refused(string lines) =>
        await AgreesAsync(isRefused: false, ["@ NS ns1.elsewhere.test.", .. lines.Split(';')]);

    [Theory]
    [InlineData("s RRSIG A 8 3 300 20300101000000 20200101000000 1234 example.org. AwEAAQ==", "signatures")]
    [InlineData("s NSEC t A RRSIG NSEC", "signatures")]
    public void A_signed_zone_is_refused_because_its_signatures_would_not_be_answered(string line, string objection)
    {
        ZoneContent content = UpdateTarget.Zone(Zone, 1, ["@ NS ns1.elsewhere.test.", line]);
        Assert.Contains(objection, Objection(content), StringComparison.Ordinal);
    }

    [Fact]
    public void A_zone_without_name_servers_is_refused() =>
        Assert.Equal("no NS record at its apex", Objection(UpdateTarget.Zone(Zone, 1, "a A 192.0.2.1")));

    private static async Task AgreesAsync(bool isRefused, string[] lines)
    {
        ZoneContent content = UpdateTarget.Zone(Zone, 1, lines);
        Assert.Equal(isRefused, Objection(content) is not null);
        Assert.Equal(!isRefused, await IsLoadedAsync(content));
    }

    /// <summary>What the driver would refuse it for.</summary>
    private static string? Objection(ZoneContent content) =>
        ZoneFit.Objection(content, GdnsdContentRules.Limits) ?? GdnsdContentRules.Objection(content);

    /// <summary>Asks gdnsd's own check, which reads files as gdnsd does.</summary>
    private static async Task<bool> IsLoadedAsync(ZoneContent content)
    {
        using TemporaryFolder folder = new("gdnsd");
        string zones = folder.CreateFolder("zones");
        folder.Write("config", $"options => {{ run_dir => \"{folder.FullPath}\", state_dir => \"{folder.FullPath}\" }}");
        await using (FileStream file = File.Create(Path.Combine(zones, content.Apex.ToString().TrimEnd('.'))))
            Assert.Equal(ZoneContentError.None, ZoneFileWriter.Write(content, file, RdataTextStyle.Gdnsd38));
        return (await Tool.RunAsync("gdnsd", ["-c", folder.FullPath, "checkconf"])).ExitCode == 0;
    }
}
