using System.Text;
using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using static Agent.Tests.Dns.Zones.RandomZones;

namespace Agent.Tests.Dns.Zones;

public sealed class ZoneFileTests
{
    private const string Head = "$TTL 1h\n@ IN SOA ns hostmaster 7 2h 15m 1w 1m\n";

    [Fact]
    public void Every_freedom_of_the_format_is_read()
    {
        const string File = """
            ; a comment
            $ORIGIN example.org.
            $TTL 1h30m
            @       IN SOA ns.example.org. host\.master.example.org. (
                        2026112001 ; serial
                        2h 15m ; refresh, retry
                        1w 60 )
                    NS  ns                  ; blank owner
                    IN 300 MX 10 mail
            300 IN  A   192.0.2.1
            www 5m IN A 192.0.2.2
            WWW IN 5m A 192.0.2.3
            txt     TXT "a ; b" c\"d "\065\\" ("e"
                    "f g")
            \@.x\046y  A 192.0.2.4
            *.wild  CNAME www.example.com.
            $ORIGIN sub
            @       A 192.0.2.5
            a.b     TYPE65400 \# 3 01 02 03
            _443._tcp HTTPS 1 . alpn="h2,h3" port=8443
            """;
        MemoryZoneContent content = Parse(File.Replace("\n", "\r\n", StringComparison.Ordinal));
        string[] expected =
        [
            "example.org. 5400 SOA ns.example.org. host\\.master.example.org. 2026112001 7200 900 604800 60",
            "example.org. 5400 NS ns.example.org.",
            "example.org. 300 MX 10 mail.example.org.",
            "300.example.org. 5400 A 192.0.2.1",
            "www.example.org. 300 A 192.0.2.2",
            "WWW.example.org. 300 A 192.0.2.3",
            "txt.example.org. 5400 TXT \"a ; b\" \"c\\\"d\" \"A\\\\\" \"e\" \"f g\"",
            "\\@.x\\.y.example.org. 5400 A 192.0.2.4",
            "*.wild.example.org. 5400 CNAME www.example.com.",
            "sub.example.org. 5400 A 192.0.2.5",
            "a.b.sub.example.org. 5400 TYPE65400 \\# 3 010203",
            "_443._tcp.sub.example.org. 5400 HTTPS 1 . alpn=\"h2,h3\" port=8443",
        ];
        Assert.Equal(expected, Lines(content).Select(line => line.Replace(" IN ", " ", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_TTL_left_out_is_the_default_else_the_last_else_that_of_the_SOA()
    {
        MemoryZoneContent content = Parse("@ IN SOA ns hm 1 2 3 4 77\n@ NS ns\n@ 5 NS ns2\n@ NS ns3\n$TTL 9\n@ NS ns4\n");
        Assert.Equal([77u, 77u, 5u, 5u, 9u], ReadRecords(content).Select(record => record.Ttl));
    }

    [Theory]
    [InlineData("@ A 192.0.2.1", 3, 1)]
    [InlineData("\n\nwww A 192.0.2.300", 5, 7)]
    [InlineData("www BOGUS x", 3, 5)]
    [InlineData("www", 3, 1)]
    [InlineData("www IN", 3, 5)]
    [InlineData("www CH A 192.0.2.1", 3, 5)]
    [InlineData("www 4294967295 A 192.0.2.1", 3, 5)]
    [InlineData("www A 192.0.2.1 more", 3, 17)]
    [InlineData("www MX 10", 3, 8)]
    [InlineData("www MX (10\n mail", 4, 6)]
    [InlineData("www TXT \"open\nx", 3, 14)]
    [InlineData("www A 192.0.2.1 )", 3, 17)]
    [InlineData("www.example.com. A 192.0.2.1", 3, 1)]
    [InlineData("a..b A 192.0.2.1", 3, 1)]
    [InlineData("\"www\" A 192.0.2.1", 3, 1)]
    [InlineData("@ SOA ns hm 1 1 1 1 1", 3, 1)]
    [InlineData("www OPT \\# 0", 3, 1)]
    [InlineData("$TTL x", 3, 6)]
    [InlineData("$TTL", 3, 1)]
    [InlineData("$ORIGIN a b", 3, 11)]
    [InlineData("$INCLUDE other", 3, 10)]
    [InlineData("$GENERATE 1-9 a A 192.0.2.$", 3, 1)]
    [InlineData("www A 192.0.2.1\\", 3, 17)]
    public void Errors_have_their_place(string text, int line, int column)
    {
        // The first case breaks no rule of its own: without its SOA a file is no zone.
        string file = text.StartsWith("@ A", StringComparison.Ordinal) ? "$TTL 1\n\n" + text : Head + text;
        Assert.False(ZoneFileReader.TryParse(file, Apex, out _, out ZoneFileError? error));
        Assert.True((line, column) == (error.Line, error.Column), error.ToString());
        Assert.NotEmpty(error.Text);
    }

    [Fact]
    public void Included_files_have_their_own_origin_and_leave_that_of_the_first()
    {
        var files = new Dictionary<string, string>
        {
            ["sub"] = "a A 192.0.2.1\n$ORIGIN deeper\nb A 192.0.2.2\n$INCLUDE leaf\n",
            ["leaf"] = "c A 192.0.2.3",
        };
        MemoryZoneContent content = Parse(Head + "$INCLUDE sub sub.example.org.\nd A 192.0.2.4\n", files);
        Assert.Equal(
            ["a.sub.example.org.", "b.deeper.sub.example.org.", "c.deeper.sub.example.org.", "d.Example.org."],
            ReadRecords(content).Skip(1).Select(record => record.Owner.ToString()));
    }

    [Fact]
    public void Files_that_include_themselves_come_to_an_end()
    {
        var files = new Dictionary<string, string> { ["x"] = "$INCLUDE x\n" };
        Assert.Contains("too many", ReadError(Head + "$INCLUDE x\n", files).Text, StringComparison.Ordinal);
        files["x"] = "$INCLUDE y\n$INCLUDE y\n$INCLUDE y\n$INCLUDE y\n";
        files["y"] = "$INCLUDE z\n$INCLUDE z\n$INCLUDE z\n$INCLUDE z\n$INCLUDE z\n$INCLUDE z\n$INCLUDE z\n$INCLUDE z\n";
        files["z"] = string.Concat(Enumerable.Repeat("$INCLUDE leaf\n", 100));
        files["leaf"] = "";
        Assert.Contains("too many", ReadError(Head + "$INCLUDE x\n", files).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_endless_entry_is_stopped()
    {
        string words = string.Concat(Enumerable.Repeat("\"a\" ", 400_000));
        string file = Head + "x TXT (" + new string('\n', 1000) + words;
        Assert.False(ZoneFileReader.TryParse(file, Apex, out _, out ZoneFileError? error));
        Assert.Contains("entry", error.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_files_never_throw()
    {
        byte[] file = Encoding.ASCII.GetBytes(Head + "www 5m IN A 192.0.2.1 ; c\nx TXT \"a\\\"b\" (c\n d)\n$ORIGIN y\nz MX 1 z\n");
        for (int seed = 0; seed < 5000; seed++)
        {
            var random = new Random(seed);
            byte[] damaged = (byte[])file.Clone();
            for (int damage = 0; damage < 4; damage++)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
            bool isRead = ZoneFileReader.TryRead(new MemoryStream(damaged), Apex, builder, out ZoneFileError? error);
            Assert.Equal(isRead, error is null);
        }
    }

    [Fact]
    public void What_is_written_is_read_back_the_same()
    {
        for (int seed = 0; seed < 150; seed++)
        {
            var random = new Random(seed);
            List<PlainRecord> zone = Zone(random, 1 + random.Next(100), 5);
            MemoryZoneContent content = Content([.. zone, .. RecordSamples.All().Select(sample => sample.Record)]);
            byte[] file = Write(content);
            using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
            Assert.True(ZoneFileReader.TryRead(new MemoryStream(file), null, builder, out ZoneFileError? error), error?.ToString());
            Assert.True(builder.TryBuild(out MemoryZoneContent? again));
            Assert.Equal(Lines(content), Lines(again));
            Assert.Equal(content.Facts, again.Facts);
        }
    }

    [Fact]
    public void Bytes_that_do_not_fit_their_type_come_back_too()
    {
        var random = new Random(4);
        var records = new List<PlainRecord> { SoaRecord(1) };
        IEnumerable<RecordType> types = Enum.GetValues<RecordType>().Where(ZoneContentBuilder.IsZoneData);
        foreach (RecordType type in types.Where(type => type != RecordType.SOA))
        {
            for (int i = 0; i < 20; i++)
                records.Add(new PlainRecord(Apex, type, 5, Bytes(random, random.Next(40))));
        }
        MemoryZoneContent content = Content(records);
        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        Assert.True(ZoneFileReader.TryRead(new MemoryStream(Write(content)), null, builder, out ZoneFileError? error), error?.ToString());
        Assert.True(builder.TryBuild(out MemoryZoneContent? again));
        Assert.Equal(content.Hash, again.Hash);
    }

    [Fact]
    public void Relative_names_are_read_back_as_they_were()
    {
        for (int seed = 0; seed < 150; seed++)
        {
            var random = new Random(seed);
            IEnumerable<PlainRecord> records =
                [.. Zone(random, 1 + random.Next(100), 5), .. RecordSamples.All().Select(sample => sample.Record)];
            // As most masters send it: all names have the letters of the apex.
            MemoryZoneContent content = Content(records.Select(
                record => record with { Owner = DomainName.Parse(record.Owner.ToString().ToLowerInvariant()) }));
            using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
            byte[] file = WriteRelative(content);
            Assert.True(ZoneFileReader.TryRead(new MemoryStream(file), null, builder, out ZoneFileError? error), error?.ToString());
            Assert.True(builder.TryBuild(out MemoryZoneContent? again));
            Assert.Equal(Lines(content), Lines(again));
        }
    }

    [Fact]
    public void Names_below_the_apex_lose_it_where_that_is_certain_to_be_understood()
    {
        byte[] target = Name("to.example.org.");
        MemoryZoneContent content = Content(
            new PlainRecord(DomainName.Parse("example.org."), RecordType.SOA, 3600, Soa(1)),
            Record("example.org.", RecordType.NS, Name("ns.example.org.")),
            Record("a.b.example.org.", RecordType.CNAME, Name("example.org.")),
            Record("c.example.org.", RecordType.MX, [0, 5, .. target]),
            Record("_x._tcp.example.org.", RecordType.SRV, [0, 1, 0, 2, 0, 3, .. target]),
            Record("p.example.org.", RecordType.PTR, Name("to.notexample.org.")),
            Record("d.example.org.", RecordType.DNAME, target),
            Record("*.w.example.org.", RecordType.CNAME, Name("\\#.example.org.")),
            Record("\\@.example.org.", RecordType.CNAME, Name("To.Example.org.")));
        string[] expected =
        [
            "$ORIGIN example.org.",
            "example.org. 3600 IN SOA ns.example.org. hostmaster.example.org. 1 7200 900 604800 60",
            "example.org. 300 IN NS ns",
            "a.b 300 IN CNAME example.org.",
            "c 300 IN MX 5 to",
            "_x._tcp 300 IN SRV 1 2 3 to",
            "p 300 IN PTR to.notexample.org.",
            "d 300 IN DNAME to.example.org.",
            "*.w 300 IN CNAME \\035.example.org.",
            "\\@.example.org. 300 IN CNAME To.Example.org.",
        ];
        Assert.Equal(expected.Order(StringComparer.Ordinal), LinesOf(WriteRelative(content)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void In_the_root_zone_relative_names_lose_the_last_dot()
    {
        DomainName root = DomainName.Parse(".");
        MemoryZoneContent content = Content(
            new PlainRecord(root, RecordType.SOA, 5, Soa(1)), new PlainRecord(DomainName.Parse("com."), RecordType.NS, 5, Name("a.net.")));
        Assert.Contains("com 5 IN NS a.net", LinesOf(WriteRelative(content)));
    }

    private static byte[] WriteRelative(ZoneContent content)
    {
        using var file = new MemoryStream();
        Assert.Equal(ZoneContentError.None, ZoneFileWriter.Write(content, file, names: ZoneFileNames.Relative));
        return file.ToArray();
    }

    internal static byte[] Write(ZoneContent content, RdataTextStyle? style = null)
    {
        using var file = new MemoryStream();
        Assert.Equal(ZoneContentError.None, ZoneFileWriter.Write(content, file, style));
        return file.ToArray();
    }

    private static IEnumerable<string> Lines(ZoneContent content) => LinesOf(Write(content));

    private static string[] LinesOf(byte[] file) => Encoding.ASCII.GetString(file).TrimEnd('\n').Split('\n');

    private static MemoryZoneContent Parse(string text, Dictionary<string, string>? files = null)
    {
        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        Assert.True(ZoneFileReader.TryRead(Open(text), Apex, builder, out ZoneFileError? error, Options(files)), error?.ToString());
        Assert.True(builder.TryBuild(out MemoryZoneContent? content));
        return content;
    }

    private static ZoneFileError ReadError(string text, Dictionary<string, string> files)
    {
        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        Assert.False(ZoneFileReader.TryRead(Open(text), Apex, builder, out ZoneFileError? error, Options(files)));
        return error;
    }

    private static ZoneFileOptions Options(Dictionary<string, string>? files) => new()
    {
        OpenInclude = files is null ? null : name => files.TryGetValue(name, out string? text) ? Open(text) : null,
    };

    private static MemoryStream Open(string text) => new(Encoding.UTF8.GetBytes(text));
}
