using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Agent.Bench.Peers;
using Agent.Dns.Records;
using Agent.Dns.Wire;

namespace Agent.Tests.Dns.Records;

/// <summary>
/// BIND as the judge of shapes: thousands of records near the edge, which it must refuse where we do and take where we do.
/// </summary>
[Trait("Category", "Peer")]
public sealed partial class RdataShapePeerTests
{
    private const int RecordsOfEachType = 400;

    private static readonly string[] Head =
    [
        "example. 300 IN SOA ns.example. h.example. 1 2 3 4 5", "example. 300 IN NS ns.example.", "ns.example. 300 IN A 192.0.2.53",
    ];

    [Fact]
    public async Task BIND_refuses_the_same_records()
    {
        List<(RecordType Type, byte[] Rdata)> records = Records();
        using TemporaryFolder folder = new("shape");
        string file = folder.Combine("zone");
        await File.WriteAllLinesAsync(file, [.. Head, .. records.Select((record, index) => Line(index, record.Type, record.Rdata))]);

        ToolResult result = await Tool.RunAsync("named-checkzone", ["-k", "ignore", "-i", "none", "example.", file]);

        HashSet<int> refused = [.. RefusedLine().Matches(result.Output + result.Error)
            .Select(match => int.Parse(match.Groups["line"].ValueSpan, CultureInfo.InvariantCulture) - Head.Length - 1)];
        Assert.True(refused.Count > records.Count / 10, result.Output);
        string[] differences =
        [
            .. records.Index()
                .Where(item => RdataShape.Fits(item.Item.Type, item.Item.Rdata) == refused.Contains(item.Index)
                    && !IsOursToDiffer(item.Item.Type, item.Item.Rdata))
                .Select(item => (refused.Contains(item.Index) ? "BIND refuses " : "only we refuse ")
                    + Line(item.Index, item.Item.Type, item.Item.Rdata)),
        ];
        Assert.True(differences.Length == 0, string.Join('\n', differences.Take(60)));
    }

    /// <summary>Where BIND looks at values, or forbids what the standard allows, or allows what it forbids.</summary>
    private static bool IsOursToDiffer(RecordType type, byte[] rdata) => type switch
    {
        // Digits only, a pattern that must compile, no zeros behind the last port, a key though RFC 4025 2.4 lets it be left out.
        RecordType.X25 or RecordType.NAPTR or RecordType.WKS or RecordType.IPSECKEY => RdataShape.Fits(type, rdata),

        // The target of a URI is not empty (RFC 7553 4.4).
        RecordType.URI => rdata.Length == 4,
        _ => false,
    };

    private static List<(RecordType Type, byte[] Rdata)> Records()
    {
        var random = new Random(20_264);
        RecordType[] types =
        [
            .. Enum.GetValues<RecordType>().Where(type => (ushort)type is not (6 or 3 or 4 or 41 or (>= 128 and <= 255) or >= 65280)),
        ];
        return
        [
            .. MalformedRdata.All.Select(item => (item.Type, item.Rdata)).Where(item => types.Contains(item.Type)),
            .. types.SelectMany(type => Enumerable.Range(0, RecordsOfEachType).Select(_ => (type, RdataMutations.Next(random, type)))),
        ];
    }

    private static string Line(int index, RecordType type, byte[] rdata)
    {
        using var text = new RecordTextBuffer();
        RdataText.WriteGeneric(rdata, text);
        return $"r-{index}.example. 300 IN TYPE{(ushort)type} {Encoding.ASCII.GetString(text.Written)}";
    }

    [GeneratedRegex(@"^dns_rdata_fromtext: [^:]*:(?<line>\d+):", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex RefusedLine();
}
