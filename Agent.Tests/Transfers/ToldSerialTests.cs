using System.Net;
using Agent.Actors.Kernel;
using Agent.Actors.Listeners;
using Agent.Actors.Zones;
using Agent.Dns.Net;
using Agent.Dns.Transfers;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Host.Transfers;
using Agent.Tests.Backends;
using Microsoft.Extensions.Logging.Abstractions;

namespace Agent.Tests.Transfers;

/// <summary>A question for the SOA by one who may transfer zones is answered by the zone's owner, whoever answers queries else.</summary>
public sealed class ToldSerialTests
{
    private const ushort Id = 7;

    private static readonly DomainName Zone = DomainName.Parse("told.example.");

    private static readonly TsigKey Key = new(DomainName.Parse("consumers."), TsigAlgorithm.HmacSha256, "one secret"u8);

    private readonly ZoneContent _content = SmallZone.Create(Zone, 42);

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task The_owner_tells_it_whether_queries_are_relayed_or_answered_here(bool isRelaying, bool isByTcp)
    {
        RequestOutcome outcome = Ask(RecordType.SOA, isRelaying ? null : new Stranger(ResponseCode.Refused), isByTcp: isByTcp);

        SoaAnswer answer = await AnswerAsync(outcome, isByTcp, _ => Task.FromResult(new ZoneContentReply(Zone, _content)));

        Assert.Equal((SoaAnswerKind.Authoritative, 42u), (answer.Kind, answer.Serial));
    }

    [Fact]
    public void Others_and_other_questions_are_relayed_as_ever()
    {
        Assert.Equal(RequestDisposition.Relay, Ask(RecordType.SOA, null, mayTransfer: false).Disposition);
        Assert.Equal(RequestDisposition.Relay, Ask(RecordType.SOA, null, tells: false).Disposition);
        Assert.Equal(RequestDisposition.Relay, Ask(RecordType.NS, null).Disposition);
        Assert.Equal(RequestDisposition.Reply, Ask(RecordType.SOA, new Stranger(ResponseCode.Refused), mayTransfer: false).Disposition);
    }

    /// <summary>A secondary that holds signed zones compares the signature, too.</summary>
    [Fact]
    public async Task One_who_asks_for_signatures_gets_that_of_the_SOA()
    {
        const string Signature = "SOA 13 2 300 20300101000000 20200101000000 1 told.example. AAAA";
        const string Soa = "ns1.told.example. ns1.told.example. 42 3600 600 86400 300";
        string text = $"$ORIGIN {Zone}\n$TTL 300\n@ SOA {Soa}\n@ NS ns1.elsewhere.test.\n@ RRSIG {Signature}\nh A 192.0.2.1\n";
        Assert.True(ZoneFileReader.TryParse(text, Zone, out MemoryZoneContent? signed, out ZoneFileError? error), error?.ToString());

        foreach ((bool asks, int records) in ((bool, int)[])[(true, 2), (false, 1)])
        {
            RequestOutcome outcome = Ask(RecordType.SOA, null, isDnssecOk: asks);
            SoaAnswer answer = await AnswerAsync(outcome, isByTcp: true, _ => Task.FromResult(new ZoneContentReply(Zone, signed)));
            Assert.Equal((SoaAnswerKind.Authoritative, 42u), (answer.Kind, answer.Serial));
            var output = (KeptAnswers)outcome.Transfer!.Source.ReplyPath;
            Assert.Equal(records, new MessageReader(output.Messages[0]).Header.AnswerCount);
        }
    }

    /// <summary>A secondary that has a key asks for the serial under it, too.</summary>
    [Fact]
    public async Task One_who_may_transfer_under_a_key_is_told_under_it()
    {
        RequestOutcome outcome = Ask(RecordType.SOA, null, mayTransfer: false, key: Key);

        SoaAnswer answer = await AnswerAsync(outcome, isByTcp: true, _ => Task.FromResult(new ZoneContentReply(Zone, _content)));

        Assert.Equal((SoaAnswerKind.Authoritative, 42u), (answer.Kind, answer.Serial));
        Assert.Equal(Key.Name, outcome.Transfer!.Authentication.KeyName);
    }

    /// <summary>Such a key may be one between the client and the server.</summary>
    [Fact]
    public void A_key_that_is_not_ours_is_relayed_with_its_question()
    {
        TsigKey other = new(Key.Name, Key.Algorithm, "another secret"u8);

        Assert.Equal(RequestDisposition.Relay, Ask(RecordType.SOA, null, key: other).Disposition);
        Assert.Equal(RequestDisposition.Relay, Ask(RecordType.NS, null, mayTransfer: false, key: Key).Disposition);
        Assert.Equal(RequestDisposition.Relay, Ask(RecordType.SOA, null, mayTransfer: false, tells: false, key: Key).Disposition);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_name_inside_another_zone_is_answered_from_there(bool isByTcp)
    {
        RequestOutcome outcome = Ask(RecordType.SOA, new Stranger(ResponseCode.NXDomain), isByTcp: isByTcp);

        SoaAnswer answer = await AnswerAsync(outcome, isByTcp, _ => Task.FromResult(new ZoneContentReply(Zone, null)));

        Assert.Equal(ResponseCode.NXDomain, answer.ResponseCode);
    }

    [Fact]
    public async Task A_zone_that_is_nowhere_is_refused()
    {
        SoaAnswer answer = await AnswerAsync(
            Ask(RecordType.SOA, null), isByTcp: true, _ => Task.FromResult(new ZoneContentReply(Zone, null)));

        Assert.Equal(ResponseCode.Refused, answer.ResponseCode);
    }

    /// <summary>That it is not known here says nothing while its owner is silent.</summary>
    [Theory]
    [InlineData(ResponseCode.Refused)]
    [InlineData(ResponseCode.NXDomain)]
    public async Task A_silent_owner_is_a_failure_and_no_absence(ResponseCode plain)
    {
        RequestOutcome outcome = Ask(RecordType.SOA, new Stranger(plain));

        SoaAnswer answer = await AnswerAsync(
            outcome, isByTcp: true, _ => Task.FromException<ZoneContentReply>(new AskTimeoutException("no answer")));

        Assert.Equal(ResponseCode.ServFail, answer.ResponseCode);
    }

    private static ulong Now => (ulong)TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    private static RequestOutcome Ask(
        RecordType type,
        ILocalAnswerer? answerer,
        bool mayTransfer = true,
        bool tells = true,
        bool isByTcp = true,
        bool isDnssecOk = false,
        TsigKey? key = null)
    {
        byte[] query = new byte[512];
        var writer = new MessageWriter(query, Id);
        Assert.True(writer.TryWriteQuestion(Zone, type) && writer.TryWriteOpt(1232, isDnssecOk));
        int length = writer.Length;
        byte[] mac = new byte[TsigAlgorithms.MaximumMacLength];
        if (key is not null) Assert.True(TsigSigner.TrySignRequest(query, ref length, key, Now, mac, out _));
        var policy = new ListenerPolicy { AllowTransfer = AccessList.Parse(mayTransfer ? "127.0.0.1" : $"key:{Key.Name}") };
        var parts = new PipelineParts
        {
            LocalAnswerer = answerer,
            SendsZones = true,
            TellsSerials = tells,
            Authenticator = new TsigAuthenticator(new TsigKeyring([Key]), TimeProvider.System),
        };
        var pipeline = new RequestPipeline(policy, parts);
        NetworkEndpoint here = NetworkEndpoint.From(IPAddress.Loopback, 53);
        var source = new RequestSource(here, here, isByTcp ? AnswerTransport.Tcp : AnswerTransport.Udp, new KeptAnswers());
        return pipeline.Process(query.AsSpan(0, length), source, new byte[ushort.MaxValue], 0);
    }

    private static async Task<SoaAnswer> AnswerAsync(
        RequestOutcome outcome, bool isByTcp, Func<DomainName, Task<ZoneContentReply>> contentOf)
    {
        Assert.Equal(RequestDisposition.TransferOut, outcome.Disposition);
        TransferRequest request = outcome.Transfer!;
        var responder = new ZoneTransferResponder(
            contentOf, history: null, OutgoingLimits.Default, TimeProvider.System, NullLogger<ZoneTransferResponder>.Instance);
        var output = (KeptAnswers)request.Source.ReplyPath;
        if (isByTcp) await responder.RespondAsync(request, output, CancellationToken.None);
        else await responder.RespondByDatagramAsync(request);
        return SoaAnswer.Read(Assert.Single(output.Messages), Zone, Id);
    }

    /// <summary>Answers every question with the same code.</summary>
    private sealed class Stranger(ResponseCode code) : ILocalAnswerer
    {
        public int Answer(ReadOnlySpan<byte> query, Span<byte> response, AnswerTransport transport) =>
            ReplyWriter.Write(query, response, code, authoritative: code == ResponseCode.NXDomain, RequestPipeline.PayloadBytes);

        public bool IsApex(ReadOnlySpan<byte> name) => false;
    }
}
