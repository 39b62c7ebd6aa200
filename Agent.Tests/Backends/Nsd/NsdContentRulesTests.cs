using System.Text;
using Agent.Backends.Nsd;
using Agent.Bench.Peers;
using Agent.Dns.Records;
using Agent.Dns.Zones;
using Agent.Tests.Backends.DynamicUpdate;

namespace Agent.Tests.Backends.Nsd;

public sealed class NsdContentRulesTests
{
    private static readonly string[] Common = ["@ NS ns1.elsewhere.test.", "www A 192.0.2.1"];

    public static TheoryData<string, string[]> Objectionable => new()
    {
        { "several CNAME records at x", ["x CNAME a.test.", "x CNAME b.test."] },
        { "several DNAME records at x", ["x DNAME a.test.", "x DNAME b.test."] },
        { "A beside the CNAME at x", ["x CNAME a.test.", "x A 192.0.2.1"] },
        { "TXT beside the CNAME at x", ["x TXT \"t\"", "X CNAME a.test."] },
        { "DNAME beside the CNAME at x", ["x CNAME a.test.", "x DNAME a.test."] },
        { "SOA beside the CNAME at ", ["@ CNAME a.test."] },
        { "data below a DNAME: a.b.x", ["a.b.x A 192.0.2.1", "x DNAME a.test."] },
        { "data below a DNAME: a", ["@ DNAME a.test.", "a A 192.0.2.1"] },
    };

    /// <summary>Lines with a bar between them.</summary>
    public static TheoryData<string> Harmless =>
    [
        "x A 192.0.2.1",
        "x CNAME a.test.|y CNAME a.test.|a.x A 192.0.2.1",
        "x CNAME a.test.|x CNAME A.Test.",
        "x DNAME a.test.|x A 192.0.2.1|xx A 192.0.2.1",
        "x CNAME a.test.|x NSEC y CNAME NSEC",
    ];

    [Theory]
    [MemberData(nameof(Objectionable))]
    public void Objects_to_what_nsd_does_not_load(string objection, string[] lines) => Assert.StartsWith(
        objection, NsdContentRules.Objection(UpdateTarget.Zone("rules.example.", 1, [Common[0], .. lines])),
        StringComparison.OrdinalIgnoreCase);

    [Theory]
    [MemberData(nameof(Harmless))]
    public void Objects_to_nothing_else(string lines) =>
        Assert.Null(NsdContentRules.Objection(UpdateTarget.Zone("rules.example.", 1, [.. Common, .. lines.Split('|')])));

    /// <summary>The rules are nsd's, not ours: its own check loads a file the same way.</summary>
    [Fact]
    [Trait("Category", "Peer")]
    public async Task Nsd_itself_says_the_same()
    {
        using TemporaryFolder folder = new("rules");
        foreach (string[] lines in Objectionable.Select(row => (string[])row[1])) Assert.NotEqual(0, await CheckAsync(lines));
        foreach (string lines in ((IEnumerable<object[]>)Harmless).Select(row => (string)row[0]))
            Assert.Equal(0, await CheckAsync([Common[1], .. lines.Split('|')]));

        async Task<int> CheckAsync(string[] lines)
        {
            using MemoryStream text = new();
            ZoneFileWriter.Write(UpdateTarget.Zone("rules.example.", 1, [Common[0], .. lines]), text, RdataTextStyle.Nsd46);
            string file = folder.Write("in.zone", Encoding.ASCII.GetString(text.ToArray()));
            return (await Tool.RunAsync("nsd-checkzone", ["rules.example", file])).ExitCode;
        }
    }
}
