using System.Buffers.Binary;
using Agent.Actors.Cookies;
using Agent.Actors.Listeners;
using Agent.Dns.Wire;
using static Agent.Tests.Listeners.Requests;

namespace Agent.Tests.Cookies;

/// <summary>What a cookie changes in the answers of the pipeline.</summary>
public sealed class CookiePipelineTests
{
    private const string Secret = "000102030405060708090a0b0c0d0e0f";

    private static readonly byte[] Client = [1, 2, 3, 4, 5, 6, 7, 8];

    private readonly HandClock _clock = new();
    private readonly CookieJar _jar;

    public CookiePipelineTests()
    {
        _jar = new CookieJar(_clock);
        _jar.UseGiven([Secret]);
    }

    [Fact]
    public void A_client_is_given_a_cookie_that_is_good_for_an_hour_at_its_address_alone()
    {
        RequestPipeline pipeline = Answering(new ListenerPolicy());
        byte[] first = CookieIn(Ask(pipeline, "192.0.2.1", Client))!;
        Assert.Equal(Client, first[..8]);
        Assert.Equal(CookieStatus.Good, Judged(first, "192.0.2.1"));
        Assert.Equal(CookieStatus.Bad, Judged(first, "192.0.2.2"));

        _clock.Advance(TimeSpan.FromMinutes(29));
        Assert.Equal(first, CookieIn(Ask(pipeline, "192.0.2.1", first)));
        _clock.Advance(TimeSpan.FromMinutes(2));
        byte[] second = CookieIn(Ask(pipeline, "192.0.2.1", first))!;
        Assert.NotEqual(first, second);
        _clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal((CookieStatus.Bad, CookieStatus.Good), (Judged(first, "192.0.2.1"), Judged(second, "192.0.2.1")));
        _clock.Advance(-TimeSpan.FromMinutes(40));
        Assert.Equal(CookieStatus.Bad, Judged(second, "192.0.2.1"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(9)]
    [InlineData(15)]
    [InlineData(41)]
    public void A_cookie_of_an_impossible_length_is_a_format_error(int length) =>
        Assert.Equal(1, Ask(Answering(new ListenerPolicy()), "192.0.2.1", new byte[length])[3] & 15);

    [Theory]
    [InlineData(16)]
    [InlineData(24)]
    [InlineData(40)]
    public void A_foreign_cookie_is_answered_with_one_of_ours(int length)
    {
        byte[] answer = Ask(Answering(new ListenerPolicy()), "192.0.2.1", new byte[length]);
        Assert.Equal(0, answer[3] & 15);
        Assert.Equal(CookieStatus.Good, Judged(CookieIn(answer)!, "192.0.2.1"));
    }

    [Fact]
    public void Where_they_are_required_who_has_none_of_ours_is_sent_back_by_UDP_and_only_there()
    {
        RequestPipeline pipeline = Answering(new ListenerPolicy { RequiresCookies = true });
        byte[] refused = Ask(pipeline, "192.0.2.1", Client);
        Assert.Equal(ResponseCode.BadCookie, CodeOf(refused));
        Assert.Equal(ResponseCode.NoError, CodeOf(Ask(pipeline, "192.0.2.1", CookieIn(refused)!)));
        Assert.Equal(ResponseCode.BadCookie, CodeOf(Ask(pipeline, "192.0.2.2", CookieIn(refused)!)));
        Assert.Equal(ResponseCode.NoError, CodeOf(Ask(pipeline, "192.0.2.1", Client, AnswerTransport.Tcp)));
        Assert.Equal(ResponseCode.NoError, CodeOf(Ask(pipeline, "192.0.2.1", null)));
    }

    [Fact]
    public void A_good_cookie_spares_from_the_rate_of_errors()
    {
        var pipeline = new RequestPipeline(
            new ListenerPolicy { AllowQuery = AccessList.None },
            new PipelineParts { LocalAnswerer = new Echo(), Cookies = _jar, ErrorRate = new SourceRateLimiter(1, 1, 5) });
        byte[] cookie = CookieIn(Ask(pipeline, "192.0.2.1", Client))!;
        Assert.Empty(Ask(pipeline, "192.0.2.1", Client));
        Assert.Empty(Ask(pipeline, "192.0.2.1", null));
        for (int i = 0; i < 10; i++) Assert.Equal(ResponseCode.Refused, CodeOf(Ask(pipeline, "192.0.2.1", cookie)));
        Assert.Empty(Ask(pipeline, "192.0.2.77", cookie));
    }

    [Fact]
    public void The_cookies_of_queries_that_are_passed_on_are_not_ours()
    {
        var pipeline = new RequestPipeline(new ListenerPolicy { RequiresCookies = true }, new PipelineParts { Cookies = _jar });
        RequestOutcome outcome = pipeline.Process(
            Query(additional: OptWith(new byte[3])), From("192.0.2.1"), new byte[1232], 0);
        Assert.Equal(RequestDisposition.Relay, outcome.Disposition);
    }

    [Fact]
    public void The_answer_to_a_CREATE_gives_a_cookie_too()
    {
        var path = new RecordingPath();
        var pipeline = new RequestPipeline(
            new ListenerPolicy { AllowControl = AccessList.Any }, new PipelineParts { Cookies = _jar });
        byte[] create = Message(0x7400, CreateType, PrivateClass, additional: OptWith(Client));
        ControlRequest request = pipeline.Process(create, From("192.0.2.1", path: path), new byte[1232], 0).Control!;
        Assert.True(request.TryAnswer(new ControlAnswer(ResponseCode.ServFail, false, ExtendedErrorCode.Other, new string('x', 2000))));
        byte[] answer = path.Sent.Single();
        Assert.InRange(answer.Length, 1, 1232);
        Assert.Equal(CookieStatus.Good, Judged(CookieIn(answer)!, "192.0.2.1"));
    }

    private RequestPipeline Answering(ListenerPolicy policy) =>
        new(policy, new PipelineParts { LocalAnswerer = new Echo(), Cookies = _jar });

    private CookieStatus Judged(byte[] option, string client) => _jar.Judge(option, From(client).Client);

    private static byte[] Ask(RequestPipeline pipeline, string client, byte[]? cookie, AnswerTransport transport = AnswerTransport.Udp)
    {
        byte[] reply = new byte[1232];
        byte[] query = Query(additional: cookie is null ? Opt() : OptWith(cookie));
        RequestOutcome outcome = pipeline.Process(query, From(client, transport), reply, 0);
        return outcome.Disposition == RequestDisposition.Silence ? [] : reply[..outcome.ReplyLength];
    }

    private static byte[] OptWith(byte[] cookie)
    {
        byte[] opt = [.. Opt(), 0, 10, 0, (byte)cookie.Length, .. cookie];
        BinaryPrimitives.WriteUInt16BigEndian(opt.AsSpan(9), (ushort)(cookie.Length + 4));
        return opt;
    }

    private static byte[]? CookieIn(byte[] answer)
    {
        Assert.Equal(WireError.None, EdnsView.Find(answer, out EdnsView edns));
        return edns.TryGetOption(EdnsOptionCode.Cookie, out ReadOnlySpan<byte> value) ? value.ToArray() : null;
    }

    private static ResponseCode CodeOf(byte[] answer)
    {
        EdnsView.Find(answer, out EdnsView edns);
        return edns.ExtendResponseCode((ResponseCode)(answer[3] & 15));
    }

    private sealed class HandClock : TimeProvider
    {
        private DateTimeOffset _now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

        public void Advance(TimeSpan time) => _now += time;

        public override DateTimeOffset GetUtcNow() => _now;
    }

    /// <summary>Answers every query without records.</summary>
    private sealed class Echo : ILocalAnswerer
    {
        public int Answer(ReadOnlySpan<byte> query, Span<byte> response, AnswerTransport transport) =>
            ReplyWriter.Write(query, response, ResponseCode.NoError, authoritative: true);
    }
}
