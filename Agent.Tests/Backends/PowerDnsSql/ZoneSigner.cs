using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Dns.Zones;

namespace Agent.Tests.Backends.PowerDnsSql;

/// <summary>Signs zones with the tools of BIND and ldns, and has what a server serves of them validated.</summary>
internal sealed class ZoneSigner : IDisposable
{
    private readonly TemporaryFolder _folder = new("signer");
    private readonly DomainName _zone;

    private ZoneSigner(DomainName zone) => _zone = zone;

    private string Name => _zone.ToString().TrimEnd('.');

    public static async Task<ZoneSigner> CreateAsync(DomainName zone)
    {
        ZoneSigner signer = new(zone);
        foreach (string[] flags in (string[][])[["-f", "KSK"], []])
        {
            (await Tool.RunAsync(
                "dnssec-keygen", ["-q", "-K", signer._folder.FullPath, "-a", "ECDSAP256SHA256", .. flags, signer.Name])).EnsureSuccess();
        }

        string key = File.ReadAllLines($"{signer.Keys()[0]}.key").Single(line => line.Contains(" DNSKEY ", StringComparison.Ordinal));
        string[] parts = key.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        signer._folder.Write(
            "anchor",
            $"trust-anchors {{ \"{signer.Name}.\" static-key {string.Join(' ', parts[3..6])} \"{string.Concat(parts[6..])}\"; }};\n");
        return signer;
    }

    /// <summary>The content with keys, signatures and denials; its serial stays.</summary>
    /// <param name="content">Not signed.</param>
    /// <param name="way">The tool, and <c>nsec</c>, <c>nsec3</c> or <c>opt-out</c>.</param>
    public async Task<ZoneContent> SignAsync(ZoneContent content, string way)
    {
        await File.WriteAllBytesAsync(_folder.Combine("zone"), ZoneFileTests.Write(content));
        string signed = FileOf(way);
        ToolResult result = way.StartsWith("ldns", StringComparison.Ordinal)
            ? await Tool.RunAsync("ldns-signzone", [.. OfLdns(way), "-o", Name, "-f", signed, _folder.Combine("zone"), .. Keys()])
            : await Tool.RunAsync(
                "dnssec-signzone",
                ["-S", "-K", _folder.FullPath, "-d", _folder.FullPath, .. OfBind(way), "-o", Name, "-f", signed, _folder.Combine("zone")]);
        result.EnsureSuccess();
        return Read(signed);
    }

    /// <summary>The same for a later content, by BIND's tool: signatures of what did not change stay.</summary>
    public async Task<ZoneContent> ResignAsync(ZoneContent content, string way)
    {
        IEnumerable<PlainRecord> made = RandomZones.ReadRecords(Read(FileOf(way))).Where(record => record.Type is RecordType.RRSIG
            or RecordType.NSEC or RecordType.NSEC3 or RecordType.NSEC3PARAM or RecordType.DNSKEY);
        return await SignAsync(RandomZones.Content([.. RandomZones.ReadRecords(content), .. made]), way);
    }

    /// <summary>Where the zone signed in this way lies.</summary>
    public string FileOf(string way) => _folder.Combine(way.Replace(' ', '-'));

    /// <summary>All that a server transfers of the zone fits together: each signature, and the chain of denials.</summary>
    public async Task VerifyTransferAsync(PowerDnsTarget server)
    {
        string transferred = _folder.Combine("transferred");
        ToolResult dig = await Tool.RunAsync(
            "dig", ["+noall", "+answer", "+onesoa", $"@{server.EndPoint.Address}", "-p", $"{server.Port}", Name, "AXFR"]);
        await File.WriteAllTextAsync(transferred, dig.EnsureSuccess().Output);
        ToolResult verified = await Tool.RunAsync("ldns-verify-zone", ["-V", "2", transferred]);
        Assert.True(verified.ExitCode == 0, $"{verified.Output}{verified.Error}\n{dig.Output}");
    }

    /// <summary>A validator that trusts the zone's key believes the answer.</summary>
    /// <param name="server">Who answers.</param>
    /// <param name="name">Of the question.</param>
    /// <param name="type">Of the question.</param>
    /// <param name="words">What the validator says of the answer.</param>
    public async Task ValidateAsync(PowerDnsTarget server, string name, string type, string words)
    {
        ToolResult answer = await Tool.RunAsync(
            "delv", ["-a", _folder.Combine("anchor"), $"+root={Name}", $"@{server.EndPoint.Address}", "-p", $"{server.Port}", name, type]);
        string text = answer.Output + answer.Error;
        Assert.True(text.Contains(words, StringComparison.Ordinal), $"{name} {type}, not \"{words}\" but {text}\n{server.Output}");
    }

    public void Dispose() => _folder.Dispose();

    private ZoneContent Read(string file)
    {
        using ZoneContentBuilder builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        Assert.True(ZoneFileReader.TryRead(File.OpenRead(file), _zone, builder, out ZoneFileError? error), error?.ToString());
        Assert.True(builder.TryBuild(out MemoryZoneContent? whole), builder.Error.ToString());
        return whole;
    }

    private static string[] OfBind(string way) => way switch
    {
        "bind nsec" => [],
        "bind nsec3" => ["-3", "AB12", "-H", "2"],
        "bind opt-out" => ["-3", "-", "-H", "0", "-A"],
        _ => throw new ArgumentOutOfRangeException(nameof(way), way, "no such way"),
    };

    private static string[] OfLdns(string way) => way switch
    {
        "ldns nsec" => [],
        "ldns nsec3" => ["-n", "-s", "cd", "-t", "1"],
        "ldns opt-out" => ["-n", "-p", "-t", "0"],
        _ => throw new ArgumentOutOfRangeException(nameof(way), way, "no such way"),
    };

    /// <summary>Without endings, that of the key signing key first.</summary>
    private string[] Keys() =>
    [
        .. Directory.GetFiles(_folder.FullPath, "K*.key")
            .OrderByDescending(file => File.ReadAllText(file).Contains(" 257 ", StringComparison.Ordinal))
            .Select(file => file[..^".key".Length]),
    ];
}
