using System.Net;
using Agent.Actors.Cookies;
using Agent.Actors.Listeners;
using Agent.Actors.Zones;
using Agent.Dns.Net;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Host.Transfers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Agent.Tests.Transfers;

/// <summary>What the answers to AXFR, IXFR and SOA questions have in common with all others: RD, cookie and size of the client.</summary>
public sealed class TransferAnswerTests
{
    private const int LargestMessage = ushort.MaxValue;

    /// <summary>Its SOA takes 627 octets in a message, and its signatures more than 700 each.</summary>
    private static readonly DomainName Long = DomainName.Parse(LongName("abc"));

    private static readonly byte[] Cookie = [1, 2, 3, 4, 5, 6, 7, 8];

    private static readonly MemoryZoneContent Signed = Parse(Long, $"""
        $TTL 300
        @ SOA {LongName("def")} {LongName("ghi")} 42 3600 600 86400 300
        @ NS ns1.elsewhere.test.
        @ RRSIG SOA 13 3 300 20300101000000 20200101000000 1 a. {Convert.ToBase64String(new byte[700])}
        @ RRSIG SOA 14 3 300 20300101000000 20200101000000 2 a. {Convert.ToBase64String(new byte[700])}
        h A 192.0.2.1

        """);

    [Theory]
    [InlineData(RecordType.IXFR, true, true)]
    [InlineData(RecordType.IXFR, false, true)]
    [InlineData(RecordType.AXFR, true, true)]
    [InlineData(RecordType.SOA, true, true)]
    [InlineData(RecordType.SOA, false, true)]
    [InlineData(RecordType.IXFR, true, false)]
    [InlineData(RecordType.IXFR, false, false)]
    public async Task RD_CD_and_the_cookie_are_given_back(RecordType type, bool isByTcp, bool isHeld)
    {
        ushort basic = (ushort)(isHeld ? MessageHeader.ResponseFlag | MessageHeader.AuthoritativeFlag : 0x8005);
        foreach (ushort flags in (ushort[])[0, MessageHeader.RecursionDesiredFlag, MessageHeader.CheckingDisabledFlag])
        {
            List<byte[]> messages = await AskAsync(type, isByTcp, 1232, flags, withCookie: true, isHeld: isHeld);
            Assert.Equal((ushort)(basic | flags), new MessageReader(messages[0]).Header.Flags);
            Assert.Equal(WireError.None, EdnsView.Find(messages[0], out EdnsView edns));
            Assert.True(edns.TryGetOption(EdnsOptionCode.Cookie, out ReadOnlySpan<byte> cookie));
            Assert.Equal(Cookie, cookie[..Cookie.Length]);
            Assert.Equal(24, cookie.Length);
        }
    }

    [Theory]
    [InlineData(null, false, 512, true)]
    [InlineData(512, false, 512, true)]
    [InlineData(100, false, 512, true)]
    [InlineData(700, false, 700, false)]
    [InlineData(1232, false, 1232, false)]
    [InlineData(4096, true, 1232, true)]
    public async Task An_answer_by_UDP_is_cut_where_the_client_takes_no_more(int? payload, bool isDnssecOk, int bytesMax, bool isCut)
    {
        foreach (RecordType type in (RecordType[])[RecordType.IXFR, RecordType.SOA])
        {
            byte[] answer = Assert.Single(await AskAsync(type, isByTcp: false, payload, isDnssecOk: isDnssecOk, withCookie: true));
            Assert.InRange(answer.Length, 1, bytesMax);
            Assert.Equal(isCut, (new MessageReader(answer).Header.Flags & MessageHeader.TruncatedFlag) != 0);
            Assert.Equal(payload is not null, HasOpt(answer));
        }
    }

    [Fact]
    public async Task By_TCP_all_signatures_over_the_SOA_are_told()
    {
        byte[] answer = Assert.Single(await AskAsync(RecordType.SOA, isByTcp: true, 512, isDnssecOk: true));
        Assert.Equal(3, new MessageReader(answer).Header.AnswerCount);
        Assert.Equal(0, new MessageReader(answer).Header.Flags & MessageHeader.TruncatedFlag);
    }

    /// <summary>Only the first message has an OPT, so others have its room. Over TLS one that is full goes without the padding.</summary>
    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(true, 11)]
    [InlineData(true, 15)]
    [InlineData(true, 30)]
    public async Task A_record_that_fills_a_message_goes_out_beside_EDNS(bool isOverTls, int slack)
    {
        DomainName zone = DomainName.Parse("big.test.");
        byte[] rdata = new byte[LargestMessage - MessageHeader.Size - zone.Wire.Length - 10 - slack];
        using ZoneContentBuilder builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        Assert.True(builder.TryAppend(zone.Wire, RecordType.SOA, RecordClass.IN, 300, [0, 0, .. new byte[20]]));
        Assert.True(builder.TryAppend(zone.Wire, (RecordType)65400, RecordClass.IN, 300, rdata));
        Assert.True(builder.TryBuild(out MemoryZoneContent? content));

        List<byte[]> messages = await AskAsync(
            RecordType.AXFR, isByTcp: true, 1232, withCookie: true, content: content, tls: isOverTls ? new TlsClient(true, []) : null);

        Assert.Equal(3, messages.Sum(message => new MessageReader(message).Header.AnswerCount));
        Assert.True(HasOpt(messages[0]));
        Assert.Equal(isOverTls && slack >= 11, HasOpt(messages[1]));
        Assert.All(messages, message => Assert.InRange(message.Length, 1, LargestMessage));
    }

    private static async Task<List<byte[]>> AskAsync(
        RecordType type,
        bool isByTcp,
        int? payload,
        ushort flags = 0,
        bool isDnssecOk = false,
        bool withCookie = false,
        bool isHeld = true,
        MemoryZoneContent? content = null,
        TlsClient? tls = null)
    {
        content ??= Signed;
        byte[] query = new byte[512];
        var writer = new MessageWriter(query, 7, flags);
        Assert.True(writer.TryWriteQuestion(content.Apex, type));
        if (type == RecordType.IXFR)
            Assert.True(writer.TryWriteRecord(MessageSection.Authority, content.Apex.Wire, RecordType.SOA, RecordClass.IN, 0, Soa42()));
        if (payload is { } size)
        {
            Assert.True(writer.TryWriteOpt((ushort)size, isDnssecOk) && writer.TryWriteOption(EdnsOptionCode.Expire, []));
            if (withCookie) Assert.True(writer.TryWriteOption(EdnsOptionCode.Cookie, Cookie));
        }

        var jar = new CookieJar(TimeProvider.System);
        jar.UseGiven(["000102030405060708090a0b0c0d0e0f"]);
        var parts = new PipelineParts { LocalAnswerer = new Server(), SendsZones = true, TellsSerials = true, Cookies = jar };
        var pipeline = new RequestPipeline(new ListenerPolicy { AllowTransfer = AccessList.Any }, parts);
        NetworkEndpoint here = NetworkEndpoint.From(IPAddress.Loopback, 53);
        AnswerTransport transport = tls is not null ? AnswerTransport.Tls : isByTcp ? AnswerTransport.Tcp : AnswerTransport.Udp;
        var output = new KeptAnswers();
        var source = new RequestSource(here, here, transport, output) { Tls = tls };
        TransferRequest? request = pipeline.Process(query.AsSpan(0, writer.Length), source, new byte[LargestMessage], 0).Transfer;
        Assert.NotNull(request);

        var responder = new ZoneTransferResponder(
            zone => Task.FromResult(new ZoneContentReply(zone, isHeld ? content : null)), history: null, OutgoingLimits.Default,
            TimeProvider.System, NullLogger<ZoneTransferResponder>.Instance);
        if (isByTcp) await responder.RespondAsync(request, output, CancellationToken.None);
        else await responder.RespondByDatagramAsync(request);
        return output.Messages;
    }

    /// <summary>That of a client that is current.</summary>
    private static byte[] Soa42() => [0, 0, 0, 0, 0, 42, .. new byte[16]];

    private static string LongName(string labels) => string.Concat(labels.Select(label => new string(label, 63) + "."));

    private static bool HasOpt(byte[] message)
    {
        Assert.Equal(WireError.None, EdnsView.Find(message, out EdnsView edns));
        return edns.IsPresent;
    }

    private static MemoryZoneContent Parse(DomainName zone, string text)
    {
        Assert.True(
            ZoneFileReader.TryParse($"$ORIGIN {zone}\n{text}", zone, out MemoryZoneContent? content, out ZoneFileError? error),
            error?.ToString());
        return content;
    }

    /// <summary>Knows no zone, so that whatever is in an answer comes from the zone's owner.</summary>
    private sealed class Server : ILocalAnswerer
    {
        public int Answer(ReadOnlySpan<byte> query, Span<byte> response, AnswerTransport transport) =>
            ReplyWriter.Write(query, response, ResponseCode.Refused, authoritative: false);
    }
}
