using System.Buffers.Binary;
using System.Net;
using Agent.Actors.Kernel;
using Agent.Actors.Listeners;
using Agent.Actors.Zones;
using Agent.Dns.Net;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Host.Transfers;
using Microsoft.Extensions.Logging.Abstractions;
using static Agent.Tests.Dns.Zones.RandomZones;

namespace Agent.Tests.Transfers;

/// <summary>What secondaries are told of the life of a zone (RFC 7314), and how the answers to them are padded over TLS.</summary>
public sealed class ServedExpireTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(50);
    private static readonly TlsClient Secondary = new(HasChosenDot: true, []);

    private readonly MemoryZoneContent _content = Content(Zone(new Random(5), 3000, 9));

    [Theory]
    [InlineData(RecordType.AXFR, false)]
    [InlineData(RecordType.AXFR, true)]
    [InlineData(RecordType.IXFR, false)]
    [InlineData(RecordType.SOA, false)]
    [InlineData(RecordType.SOA, true)]
    public async Task Who_asks_is_told_the_time_that_is_left(RecordType type, bool isOverTls)
    {
        List<byte[]> messages = await AskAsync(type, Now.AddSeconds(1234), isOverTls ? Secondary : null);
        Assert.Equal(1234u, ExpireOf(messages[0]));
        Assert.All(messages.Skip(1), message => Assert.Null(ExpireOf(message)));
    }

    [Theory]
    [InlineData(RecordType.AXFR)]
    [InlineData(RecordType.SOA)]
    public async Task Where_nothing_is_left_or_known_nothing_is_said(RecordType type)
    {
        Assert.Null(ExpireOf((await AskAsync(type, Now.AddSeconds(-1), null))[0]));
        Assert.Null(ExpireOf((await AskAsync(type, null, null))[0]));
        Assert.Null(ExpireOf((await AskAsync(type, Now.AddSeconds(9), null, withExpire: false))[0]));
    }

    [Fact]
    public async Task Without_EDNS_an_answer_has_none_and_with_it_the_first_message_does()
    {
        Assert.All(await AskAsync(RecordType.AXFR, Now.AddDays(1), null, withEdns: false), message => Assert.False(HasOpt(message)));
        List<byte[]> messages = await AskAsync(RecordType.AXFR, Now.AddDays(1), null);
        Assert.True(messages.Count > 2);
        Assert.Equal([true, .. Enumerable.Repeat(false, messages.Count - 1)], messages.Select(HasOpt));
    }

    [Fact]
    public async Task Over_TLS_every_message_is_padded()
    {
        List<byte[]> messages = await AskAsync(RecordType.AXFR, Now.AddDays(1), Secondary);
        Assert.True(messages.Count > 2);
        Assert.All(messages, message => Assert.Equal(0, message.Length % EdnsPadding.AnswerBlock));
        Assert.All(
            await AskAsync(RecordType.AXFR, Now.AddDays(1), Secondary, withEdns: false), message => Assert.False(HasOpt(message)));
    }

    [Fact]
    public async Task Transfers_over_TLS_without_the_protocol_are_refused_unless_that_is_allowed()
    {
        var without = new TlsClient(HasChosenDot: false, []);
        Assert.Equal(ResponseCode.Refused, CodeOf(Assert.Single(await AskAsync(RecordType.AXFR, null, without))));
        ListenerPolicy lenient = new() { AllowTransfer = AccessList.Any, TransferNeedsDot = false };
        Assert.Equal(ResponseCode.NoError, CodeOf((await AskAsync(RecordType.AXFR, null, without, policy: lenient))[0]));
        ListenerPolicy onlyTls = new() { AllowTransfer = AccessList.Any, TransferNeedsTls = true };
        Assert.Equal(ResponseCode.Refused, CodeOf(Assert.Single(await AskAsync(RecordType.AXFR, null, null, policy: onlyTls))));
        Assert.Equal(ResponseCode.NoError, CodeOf((await AskAsync(RecordType.AXFR, null, Secondary, policy: onlyTls))[0]));
    }

    /// <summary>An expired zone that is kept is still served; its owner gives it to nobody, and there is no life to tell.</summary>
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task A_SOA_that_is_served_though_its_owner_does_not_hold_it_is_answered_without_the_life(bool isByTcp, bool mayTransfer)
    {
        ListenerPolicy policy = mayTransfer ? new() { AllowTransfer = AccessList.Any } : new();
        var output = new KeptAnswers();
        RequestOutcome outcome = Process(RecordType.SOA, null, true, true, policy, output, isByTcp);

        ZoneTransferResponder responder = Responder(zone => Task.FromResult(new ZoneContentReply(zone, null)), new StandingClock());
        if (isByTcp) await responder.RespondAsync(outcome.Transfer!, output, CancellationToken.None);
        else await responder.RespondByDatagramAsync(outcome.Transfer!);

        byte[] answer = Assert.Single(output.Messages);
        Assert.Equal(ResponseCode.NoError, CodeOf(answer));
        Assert.Null(ExpireOf(answer));
    }

    /// <summary>A silent owner costs the option and a second, not the answer.</summary>
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task A_SOA_without_its_owner_is_answered_without_the_life(bool isByTcp, bool isHanging)
    {
        Task<ZoneContentReply> nothing = isHanging
            ? new TaskCompletionSource<ZoneContentReply>().Task
            : Task.FromException<ZoneContentReply>(new AskTimeoutException("no answer"));
        var output = new KeptAnswers();
        RequestOutcome outcome = Process(RecordType.SOA, null, true, true, new ListenerPolicy(), output, isByTcp);
        Assert.Empty(output.Messages);

        ZoneTransferResponder responder = Responder(_ => nothing, new HastyClock());
        if (isByTcp) await responder.RespondAsync(outcome.Transfer!, output, CancellationToken.None);
        else await responder.RespondByDatagramAsync(outcome.Transfer!);

        byte[] answer = Assert.Single(output.Messages);
        Assert.Equal(ResponseCode.NoError, CodeOf(answer));
        Assert.Null(ExpireOf(answer));
    }

    [Theory]
    [InlineData(RecordType.AXFR, true)]
    [InlineData(RecordType.IXFR, true)]
    [InlineData(RecordType.IXFR, false)]
    public async Task A_transfer_without_its_owner_is_a_failure_in_words(RecordType type, bool isByTcp)
    {
        var output = new KeptAnswers();
        RequestOutcome outcome = Process(type, null, true, true, new() { AllowTransfer = AccessList.Any }, output, isByTcp);

        ZoneTransferResponder responder = Responder(
            _ => Task.FromException<ZoneContentReply>(new AskFailedException("gone")), new StandingClock());
        if (isByTcp) await responder.RespondAsync(outcome.Transfer!, output, CancellationToken.None);
        else await responder.RespondByDatagramAsync(outcome.Transfer!);

        byte[] answer = Assert.Single(output.Messages);
        Assert.Equal(ResponseCode.ServFail, CodeOf(answer));
        Assert.Equal(WireError.None, EdnsView.Find(answer, out EdnsView edns));
        Assert.True(edns.TryGetExtendedError(out ExtendedErrorCode code, out _));
        Assert.Equal(ExtendedErrorCode.NotReady, code);
    }

    private static ZoneTransferResponder Responder(Func<DomainName, Task<ZoneContentReply>> contentOf, TimeProvider clock) =>
        new(contentOf, history: null, OutgoingLimits.Default, clock, NullLogger<ZoneTransferResponder>.Instance);

    private async Task<List<byte[]>> AskAsync(
        RecordType type,
        DateTimeOffset? expiresAt,
        TlsClient? tls,
        bool withEdns = true,
        bool withExpire = true,
        ListenerPolicy? policy = null)
    {
        var output = new KeptAnswers();
        RequestOutcome outcome = Process(type, tls, withEdns, withExpire, policy ?? new() { AllowTransfer = AccessList.Any }, output);
        if (outcome.Transfer is { } request)
        {
            ZoneTransferResponder responder = Responder(
                zone => Task.FromResult(new ZoneContentReply(zone, _content) { ExpiresAt = expiresAt }), new StandingClock());
            await responder.RespondAsync(request, output, CancellationToken.None);
        }

        return output.Messages;
    }

    private RequestOutcome Process(
        RecordType type, TlsClient? tls, bool withEdns, bool withExpire, ListenerPolicy policy, KeptAnswers output, bool isByTcp = true)
    {
        byte[] query = new byte[512];
        var writer = new MessageWriter(query, 7);
        Assert.True(writer.TryWriteQuestion(_content.Apex, type));
        if (withEdns) Assert.True(writer.TryWriteOpt(1232) && (!withExpire || writer.TryWriteOption(EdnsOptionCode.Expire, [])));
        var pipeline = new RequestPipeline(policy, new PipelineParts { LocalAnswerer = new Apexes(_content.Apex), SendsZones = true });
        NetworkEndpoint here = NetworkEndpoint.From(IPAddress.Loopback, 853);
        AnswerTransport transport = tls is not null ? AnswerTransport.Tls : isByTcp ? AnswerTransport.Tcp : AnswerTransport.Udp;
        var source = new RequestSource(here, here, transport, output) { Tls = tls };
        byte[] reply = new byte[ushort.MaxValue];
        RequestOutcome outcome = pipeline.Process(query.AsSpan(0, writer.Length), source, reply, 0);
        if (outcome.Disposition == RequestDisposition.Reply) output.Messages.Add(reply[..outcome.ReplyLength]);
        return outcome;
    }

    private static uint? ExpireOf(byte[] message)
    {
        Assert.Equal(WireError.None, EdnsView.Find(message, out EdnsView edns));
        return edns.TryGetOption(EdnsOptionCode.Expire, out ReadOnlySpan<byte> value) ? BinaryPrimitives.ReadUInt32BigEndian(value) : null;
    }

    private static bool HasOpt(byte[] message)
    {
        Assert.Equal(WireError.None, EdnsView.Find(message, out EdnsView edns));
        return edns.IsPresent;
    }

    private static ResponseCode CodeOf(byte[] message) => (ResponseCode)(message[3] & 0xF);

    private class StandingClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;
    }

    /// <summary>Every patience is over as soon as it begins.</summary>
    private sealed class HastyClock : StandingClock
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }

    /// <summary>Serves a zone and has nothing to say but its header, as a server that knows nothing of the option.</summary>
    private sealed class Apexes(DomainName apex) : ILocalAnswerer
    {
        public int Answer(ReadOnlySpan<byte> query, Span<byte> response, AnswerTransport transport)
        {
            return ReplyWriter.Write(query, response, ResponseCode.NoError, authoritative: true);
        }

        public bool IsApex(ReadOnlySpan<byte> name) => apex.Wire.SequenceEqual(name);
    }
}
