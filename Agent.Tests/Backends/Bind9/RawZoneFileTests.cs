using System.Buffers.Binary;
using Agent.Backends.Bind9;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Backends.Bind9;

/// <summary>BIND's raw format as we write it, beside BIND's own tool.</summary>
public sealed class RawZoneFileTests
{
    private const string Apex = "Raw.Example.";
    private const int StampOffset = 8;

    // In the order of BIND's tool: apex first, RRsets by type number within a name of the tool's own order.
    private const string Text = """
        $ORIGIN Raw.Example.
        @ 3600 IN SOA ns1 hostmaster 7 1 2 3 4
        @ 3600 IN NS ns1
        @ 3600 IN NS ns2.elsewhere.test.
        ns1 300 IN A 192.0.2.1
        ns1 300 IN A 192.0.2.2
        ns1 300 IN AAAA 2001:db8::1
        """;

    private static readonly string[] Strange =
    [
        "\\000\\255.Raw.Example. 0 IN TXT \"\" \"a\\\"b\" \"\\000\\255\"",
        "split.Raw.Example. 60 IN A 192.0.2.1",
        "between.Raw.Example. 60 IN MX 10 mail.Raw.Example.",
        "split.Raw.Example. 60 IN A 192.0.2.2",
        "*.Raw.Example. 60 IN CAA 0 issue \"ca.example\"",
        "unknown.Raw.Example. 60 IN TYPE65400 \\# 3 010203",
        "empty.Raw.Example. 60 IN TYPE65401 \\# 0",
        "sub.Raw.Example. 60 IN NS ns.sub.Raw.Example.",
        "ns.sub.Raw.Example. 60 IN A 192.0.2.3",
        "sub.Raw.Example. 60 IN DS 1 8 2 00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF",
        "svc.Raw.Example. 60 IN SVCB 1 . alpn=\"h2\"",
        "big.Raw.Example. 60 IN TYPE65400 \\# 3 010204",
        "sig.Raw.Example. 60 IN RRSIG A 8 3 60 20300101000000 20200101000000 1 Raw.Example. AAAA",
        "sig.Raw.Example. 60 IN RRSIG TXT 8 3 60 20300101000000 20200101000000 1 Raw.Example. AAAA",
    ];

    [Fact]
    [Trait("Category", "Peer")]
    public async Task Is_octet_for_octet_what_named_compilezone_writes()
    {
        using TemporaryFolder folder = new("raw");
        string text = folder.Write("zone", Text + "\n");
        string theirs = folder.Combine("theirs");
        (await Tool.RunAsync("named-compilezone", ["-q", "-F", "raw", "-o", theirs, Apex, text])).EnsureSuccess();

        byte[] ours = Write(Parse(Text));

        byte[] expected = await File.ReadAllBytesAsync(theirs);
        expected.AsSpan(StampOffset, sizeof(uint)).Clear();
        Assert.Equal(Convert.ToHexString(expected), Convert.ToHexString(ours));
    }

    [Fact]
    [Trait("Category", "Peer")]
    public async Task Is_read_by_named_compilezone_with_nothing_lost()
    {
        using TemporaryFolder folder = new("raw");
        IEnumerable<string> many = Enumerable.Range(0, 3000).Select(i => $"many.Raw.Example. 60 IN A 10.0.{i / 250}.{i % 250}");
        IEnumerable<string> wide = Enumerable.Range(0, 12)
            .Select(i => $"wide.Raw.Example. 60 IN TYPE65400 \\# 4000 {i:X4}{new string('0', 7996)}");
        ZoneContent content = Parse(string.Join('\n', [Text, .. Strange, .. many, .. wide]));
        string raw = folder.Combine("ours");
        await File.WriteAllBytesAsync(raw, Write(content));
        await using (FileStream plain = File.Create(folder.Combine("plain")))
        {
            Assert.Equal(ZoneContentError.None, ZoneFileWriter.Write(content, plain));
        }

        Assert.Equal(await CanonicalAsync(folder, "plain", "text"), await CanonicalAsync(folder, "ours", "raw"));
    }

    [Fact]
    public void Damage_in_the_content_is_told_and_the_format_recognized()
    {
        using TemporaryFolder folder = new("raw");
        Assert.False(RawZoneFile.IsRaw(folder.Combine("none")));
        Assert.False(RawZoneFile.IsRaw(folder.Write("empty", "")));
        Assert.False(RawZoneFile.IsRaw(folder.Write("text", Text)));
        File.WriteAllBytes(folder.Combine("raw"), Write(Parse(Text)));
        Assert.True(RawZoneFile.IsRaw(folder.Combine("raw")));

        Assert.NotEqual(ZoneContentError.None, RawZoneFile.Write(new CutContent(Parse(Text)), new MemoryStream()));
    }

    private static byte[] Write(ZoneContent content)
    {
        MemoryStream raw = new();
        Assert.Equal(ZoneContentError.None, RawZoneFile.Write(content, raw));
        byte[] octets = raw.ToArray();
        Assert.Equal(2u, BinaryPrimitives.ReadUInt32BigEndian(octets));
        return octets;
    }

    private static ZoneContent Parse(string text)
    {
        bool isParsed = ZoneFileReader.TryParse(text, DomainName.Parse(Apex), out MemoryZoneContent? content, out ZoneFileError? error);
        Assert.True(isParsed, $"{error}");
        return content!;
    }

    private static async Task<string> CanonicalAsync(TemporaryFolder folder, string file, string format)
    {
        string result = folder.Combine(file + ".canonical");
        (await Tool.RunAsync(
            "named-compilezone",
            [
                "-q", "-i", "none", "-k", "ignore", "-r", "ignore", "-f", format, "-F", "text", "-s", "full", "-o", result,
                Apex, folder.Combine(file),
            ])).EnsureSuccess();
        return await File.ReadAllTextAsync(result);
    }

    /// <summary>Content whose last octet is missing.</summary>
    private sealed class CutContent(ZoneContent whole) : ZoneContent(whole.Facts)
    {
        public override RecordStream Open()
        {
            MemoryStream octets = new();
            using RecordStream records = whole.Open();
            while (records.TryRead(out StoredRecord record))
                octets.Write(record.Whole);
            return new RecordStream(octets.ToArray().AsMemory(0, (int)octets.Length - 1));
        }
    }
}
