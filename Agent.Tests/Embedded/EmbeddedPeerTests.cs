using System.Net.Sockets;
using Agent.Backends.Embedded;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Bench.Peers;
using static Agent.Tests.Embedded.EmbeddedSample;

namespace Agent.Tests.Embedded;

/// <summary>
/// Thousands of questions to BIND and to us, both serving one file. Response code, AA and the three sections have to be the same, as sets.
/// </summary>
/// <remarks>
/// Left out, because we differ on purpose: ANY (we give one set, RFC 8482), and aliases in a loop, where BIND says SERVFAIL after some
/// rounds and we give what there is. Where the wildcard that matches is an empty non-terminal (*.inner), BIND omits the NSEC in whose
/// span it lies; we add it, as for any other empty non-terminal.
/// In referrals the addresses of servers that do not lie below the cut are compared only when both give them: they are a courtesy.
/// </remarks>
[Trait("Category", "Peer")]
public sealed class EmbeddedPeerTests
{
    private static readonly RecordType[] Types =
    [
        RecordType.A, RecordType.AAAA, RecordType.NS, RecordType.SOA, RecordType.MX, RecordType.TXT, RecordType.CNAME, RecordType.DNAME,
        RecordType.DS, RecordType.SRV, RecordType.DNSKEY, (RecordType)65400,
    ];

    [Theory]
    [InlineData("unsigned")]
    [InlineData("nsec")]
    [InlineData("nsec3")]
    [InlineData("nsec3-opt-out")]
    public async Task We_answer_as_BIND_does(string signing)
    {
        using var folder = new TemporaryFolder("embedded");
        string file = await WriteZoneAsync(folder, signing);
        string zone = $"zone \"example.org\" {{ type primary; file \"{file}\"; check-names ignore; zero-no-soa-ttl no; }};";
        await using var bind = new BindServer { ExtraStatements = $"view \"all\" {{ minimal-responses yes; {zone} }};" };
        await bind.StartAsync();
        var table = new EmbeddedZoneTable();
        ZoneImage image = Image(File.OpenRead(file));
        table.Put(image);
        var answerer = new EmbeddedAnswerer(table);
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        using var client = new TcpClient();
        await client.ConnectAsync(bind.EndPoint, deadline.Token);
        NetworkStream stream = client.GetStream();

        int asked = 0;
        var differences = new List<string>();
        foreach (string name in Names(image))
        {
            foreach (RecordType type in Types)
            {
                byte[] query = Query(name, type, withEdns: true, dnssecOk: signing != "unsigned");
                await stream.WriteAsync(DnsSender.Frame(query), deadline.Token);
                byte[] reply = await DnsSender.ReadFramedAsync(stream, deadline.Token)
                    ?? throw new IOException($"{name} {type}: {bind.Output}");
                AnswerView theirView = AnswerView.Read(reply);
                AnswerView ourView = AnswerView.Read(Ask(answerer, query));
                if (signing == "nsec" && name.EndsWith(".inner.example.org.", StringComparison.Ordinal))
                    ourView = ourView with { Authority = [.. ourView.Authority.Intersect(theirView.Authority, StringComparer.Ordinal)] };
                (string theirs, string ours) = Comparable(theirView, ourView);
                asked++;
                if (theirs != ours)
                    differences.Add($"{name} {type}\nBIND: {theirs}\nours: {ours}");
            }
        }
        Assert.True(asked > 2000, $"only {asked} questions");
        Assert.True(differences.Count == 0, $"{differences.Count} of {asked} differ\n{string.Join("\n\n", differences.Take(10))}");
    }

    private static (string Theirs, string Ours) Comparable(AnswerView theirs, AnswerView ours)
    {
        string[] common = [.. theirs.Additional.Intersect(ours.Additional, StringComparer.Ordinal)];
        return (Trim(theirs), Trim(ours));

        static bool IsGlue(string line) =>
            line.Contains(".sub.", StringComparison.Ordinal) || line.Contains("ns.secure.", StringComparison.Ordinal);

        string Trim(AnswerView view)
        {
            IEnumerable<string> compared = view.Additional.Where(line => common.Contains(line) || IsGlue(line));
            return (view with { Additional = [.. compared] }).ToString();
        }
    }

    private static SortedSet<string> Names(ZoneImage image)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal) { "zz.example.org." };
        var wire = new byte[NameReader.MaximumLength];
        foreach (int node in image.Nodes())
        {
            if (image.Has(node, RecordType.NSEC3))
                continue;
            Assert.True(DomainName.TryFromWire(wire.AsSpan(0, image.CopyOwner(node, wire)), out DomainName? name));
            for (; name.IsSameOrBelow(Apex); name = name.Parent)
                names.UnionWith([$"{name}", $"x.{name}", $"*.{name}", $"b.a.{name}"]);
        }
        names.RemoveWhere(name => name.Contains("loop", StringComparison.Ordinal));
        return names;
    }

    private static async Task<string> WriteZoneAsync(TemporaryFolder folder, string signing)
    {
        string file = folder.Write("zone", Zone + "\n");
        if (signing == "unsigned")
            return file;
        (await Tool.RunAsync("dnssec-keygen", ["-q", "-K", folder.FullPath, "-a", "ECDSAP256SHA256", "example.org"])).EnsureSuccess();
        string signed = folder.Combine("signed");
        string[] denial = signing switch
        {
            "nsec3" => ["-3", "AABB", "-H", "2"],
            "nsec3-opt-out" => ["-3", "-", "-H", "0", "-A"],
            _ => [],
        };
        string[] arguments = ["-S", "-z", "-P", "-K", folder.FullPath, "-o", "example.org", "-f", signed, .. denial, file];
        (await Tool.RunAsync("dnssec-signzone", arguments)).EnsureSuccess();
        return signed;
    }
}
