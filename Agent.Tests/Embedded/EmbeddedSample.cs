using Agent.Actors.Listeners;
using Agent.Backends.Embedded;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Embedded;

/// <summary>A zone with every situation that an authoritative server meets, and ways to ask for it.</summary>
internal static class EmbeddedSample
{
    public const string Zone = """
        $ORIGIN example.org.
        $TTL 3600
        @ SOA ns1 hostmaster 7 3600 600 86400 300
        @ NS ns1
        @ NS ns.sub
        @ MX 10 mail
        @ TXT "apex"
        ns1 A 192.0.2.1
        ns1 AAAA 2001:db8::1
        mail A 192.0.2.2
        www 60 A 192.0.2.3
        www 60 A 192.0.2.4
        www AAAA 2001:db8::3
        alias CNAME www
        chain1 CNAME chain2
        chain2 CNAME alias
        dangling CNAME nothere
        out CNAME www.example.com.
        loop1 CNAME loop2
        loop2 CNAME loop1
        *.wild A 192.0.2.5
        *.wild TXT "wild"
        host.wild AAAA 2001:db8::5
        a.deep.wild TXT "blocks"
        *.wildcname CNAME www
        *.wilddangling CNAME nothere
        *.wildloop CNAME x.wildloop
        sub.*.inner A 192.0.2.6
        a.b.c.ent TXT "ent"
        sub NS ns.sub
        sub NS ns.elsewhere.example.
        ns.sub A 192.0.2.7
        ns.sub AAAA 2001:db8::7
        other NS ns.sub
        other NS ns1
        secure NS ns.secure
        secure DS 60485 13 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A
        ns.secure A 192.0.2.8
        deep.er.cut NS ns1
        tosub CNAME x.sub
        todname CNAME www.dn
        dn DNAME target
        dn TXT "at the DNAME"
        www.target A 192.0.2.9
        dnout DNAME example.net.
        dnlong DNAME a-rather-long-label-so-that-the-whole-is-longer.target
        under_score.\@ TXT "odd"
        srv SRV 0 0 53 ns1
        """;

    public static readonly DomainName Apex = DomainName.Parse("example.org.");

    public static ZoneImage Image(Stream file)
    {
        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        Assert.True(ZoneFileReader.TryRead(file, Apex, builder, out ZoneFileError? error), error?.ToString());
        Assert.True(builder.TryBuild(out MemoryZoneContent? content));
        Assert.Equal(ZoneContentError.None, ZoneImage.TryBuild(content, out ZoneImage? image));
        return image!;
    }

    public static EmbeddedAnswerer Answerer(params string[] zones) => new(Table(zones));

    public static EmbeddedZoneTable Table(params string[] zones)
    {
        var table = new EmbeddedZoneTable();
        foreach (string zone in zones)
            table.Put(Image(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(zone))));
        return table;
    }

    public static byte[] Query(string name, RecordType type, bool withEdns = false, bool dnssecOk = false, ushort payloadSize = 1232)
    {
        var writer = new MessageWriter(new byte[512], 77, MessageHeader.ComposeFlags(Opcode.Query));
        Assert.True(writer.TryWriteQuestion(DomainName.Parse(name), type));
        if (withEdns || dnssecOk)
            Assert.True(writer.TryWriteOpt(payloadSize, dnssecOk));
        return writer.Written.ToArray();
    }

    public static byte[] Ask(EmbeddedAnswerer answerer, byte[] query, AnswerTransport transport = AnswerTransport.Tcp)
    {
        var response = new byte[65535];
        return response[..answerer.Answer(query, response, transport)];
    }
}
