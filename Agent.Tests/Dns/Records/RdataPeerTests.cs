using System.Text;
using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Bench.Peers;

namespace Agent.Tests.Dns.Records;

/// <summary>Every record type as we write it, read by the servers' own tools and by dnspython.</summary>
[Trait("Category", "Peer")]
public class RdataPeerTests
{
    private const string Head =
        """
        example. 300 IN SOA ns.example. h.example. 1 2 3 4 5
        example. 300 IN NS ns.example.
        ns.example. 300 IN A 192.0.2.53

        """;

    // Reads "type hex text" lines; prints the wire that dnspython makes of the text, or that it does not know the type.
    private const string DnspythonScript =
        """
        import sys, dns.rdata, dns.rdataclass, dns.rdatatype, dns.name
        for line in sys.stdin.buffer.read().decode('latin-1').splitlines():
            name, text = line.split(' ', 1)
            try:
                rdtype = dns.rdatatype.from_text(name)
                known = dns.rdata.get_rdata_class(dns.rdataclass.IN, rdtype) is not dns.rdata.GenericRdata
            except dns.rdatatype.UnknownRdatatype:
                known = False
            if not known:
                print('unknown')
                continue
            try:
                print(dns.rdata.from_text('IN', rdtype, text, origin=dns.name.root, relativize=False).to_wire().hex())
            except Exception as error:
                print('failed ' + repr(error))
        """;

    private static readonly RecordType[] UnknownToDnspython =
    [
        RecordType.MB, RecordType.MG, RecordType.MR, RecordType.MINFO, RecordType.SIG, RecordType.KEY, RecordType.TA, RecordType.DSYNC,
        RecordType.RESINFO, RecordType.WALLET,
    ];

    private static (RecordType Type, byte[] Rdata)[] Everything =>
    [
        .. RecordSamples.All.Concat(RecordSamples.Generic)
            .Where(sample => sample.Type is not RecordType.SOA)
            .Select(sample => (sample.Type, RecordSamples.Parse(sample.Type, sample.Text))),
    ];

    /// <summary>What BIND prints after reading us is the same data: it understood every type as we did.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task BindReadsEveryTypeAndMeansTheSame(bool common)
    {
        using var folder = new TemporaryFolder("rdata");
        var file = folder.Write("in.zone", Zone(common ? RdataTextStyle.Common : RdataTextStyle.Bind918));
        var output = folder.Combine("out.zone");
        string[] arguments = ["-k", "ignore", "-i", "none", "-f", "text", "-s", "full", "-o", output, "example.", file];
        (await Tool.RunAsync("named-compilezone", arguments)).EnsureSuccess();

        var printed = File.ReadLines(output).Where(line => line.StartsWith("r-", StringComparison.Ordinal)).ToList();
        Assert.Equal(Everything.Length, printed.Count);
        foreach (var line in printed)
        {
            var words = line.Split((char[]?)null, 5, StringSplitOptions.RemoveEmptyEntries);
            var (type, rdata) = Everything[int.Parse(words[0][2..words[0].IndexOf('.', StringComparison.Ordinal)])];
            var text = words.Length > 4 ? words[4] : "";
            Assert.True(RecordTypeText.TryParse(Encoding.ASCII.GetBytes(words[3]), out RecordType printedType));
            Assert.Equal(type, printedType);

            // BIND has words of its own for some old types.
            if (!RecordSamples.HasTextForm(type) && !text.StartsWith("\\#", StringComparison.Ordinal)) continue;
            Assert.True(RdataParser.TryParse(type, text, null, out var read, out var error), $"{line}: {error}");
            Assert.Equal((type, Convert.ToHexString(rdata)), (type, Convert.ToHexString(read)));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task NsdReadsEveryType(bool common)
    {
        using var folder = new TemporaryFolder("rdata");
        var file = folder.Write("in.zone", Zone(common ? RdataTextStyle.Common : RdataTextStyle.Nsd46));
        (await Tool.RunAsync("nsd-checkzone", ["example.", file])).EnsureSuccess();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task KnotReadsEveryType(bool common)
    {
        using var folder = new TemporaryFolder("rdata");
        folder.Write("in.zone", Zone(common ? RdataTextStyle.Common : RdataTextStyle.Knot32));
        var configuration = folder.Write(
            "knot.conf",
            $"""
            server:
              rundir: {folder.FullPath}
            database:
              storage: {folder.FullPath}
            zone:
              - domain: example.
                storage: {folder.FullPath}
                file: in.zone
            """);
        (await Tool.RunAsync("knotc", ["-c", configuration, "zone-check", "example."])).EnsureSuccess();
    }

    [Fact]
    public async Task LdnsReadsEveryType()
    {
        using var folder = new TemporaryFolder("rdata");
        var file = folder.Write("in.zone", Zone(RdataTextStyle.Common));
        var result = (await Tool.RunAsync("ldns-read-zone", [file])).EnsureSuccess();
        Assert.Equal(Everything.Length + 3, result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task DnspythonMakesTheSameWire()
    {
        var everything = Everything;
        var input = new StringBuilder();
        foreach (var (type, rdata) in everything)
        {
            input.Append(RecordTypeText.ToText(type)).Append(' ').Append(Print(type, rdata).Split(' ', 2)[1]).Append('\n');
        }

        var result = (await Tool.RunAsync("/usr/bin/python3", ["-c", DnspythonScript], input.ToString())).EnsureSuccess();
        var lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(everything.Length, lines.Length);
        var unknown = new HashSet<RecordType>();
        for (var i = 0; i < lines.Length; i++)
        {
            var (type, rdata) = everything[i];
            if (lines[i] == "unknown") unknown.Add(type);
            else Assert.Equal((type, Convert.ToHexStringLower(rdata)), (type, lines[i]));
        }

        Assert.Empty(unknown.Except(UnknownToDnspython).Except(RecordSamples.Generic.Select(sample => sample.Type)));
    }

    private static string Zone(RdataTextStyle style)
    {
        using var buffer = new RecordTextBuffer();
        buffer.Write(Encoding.ASCII.GetBytes(Head));
        var everything = Everything;
        for (var i = 0; i < everything.Length; i++)
        {
            var (type, rdata) = everything[i];
            RecordText.WriteLine(DomainName.Parse($"r-{i}.example.").Wire, 300, RecordClass.IN, type, rdata, buffer, style);
        }

        return Encoding.ASCII.GetString(buffer.Written);
    }

    private static string Print(RecordType type, byte[] rdata)
    {
        using var buffer = new RecordTextBuffer();
        RecordText.WriteTypeAndRdata(type, rdata, buffer);
        return Encoding.ASCII.GetString(buffer.Written);
    }
}
