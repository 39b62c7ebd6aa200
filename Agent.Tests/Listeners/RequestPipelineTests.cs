using Agent.Actors.Listeners;
using Agent.Dns.Wire;
using static Agent.Tests.Listeners.Requests;

namespace Agent.Tests.Listeners;

public sealed class RequestPipelineTests
{
    [Fact]
    public void Errors_by_UDP_stay_within_the_rate_and_TCP_is_free()
    {
        var pipeline = new RequestPipeline(new ListenerPolicy(), new PipelineParts { ErrorRate = new SourceRateLimiter(1, 2, 5) });
        byte[] create = Message(0x7400, CreateType, PrivateClass);
        byte[] reply = new byte[1232];
        RequestDisposition[] seen =
            [.. Enumerable.Range(0, 4).Select(_ => pipeline.Process(create, From("192.0.2.1"), reply, 0).Disposition)];
        Assert.Equal([RequestDisposition.Reply, RequestDisposition.Reply, RequestDisposition.Silence, RequestDisposition.Silence], seen);
        Assert.Equal(RequestDisposition.Reply, pipeline.Process(create, From("192.0.2.1", AnswerTransport.Tcp), reply, 0).Disposition);
    }

    [Theory]
    [InlineData(ResponseCode.NoError, false)]
    [InlineData(ResponseCode.NXDomain, false)]
    [InlineData(ResponseCode.Refused, true)]
    [InlineData(ResponseCode.ServFail, true)]
    public void Errors_of_the_embedded_server_count_like_others(ResponseCode code, bool isLimited)
    {
        var parts = new PipelineParts
        {
            LocalAnswerer = new Answerer { Length = 40, ResponseCode = code },
            ErrorRate = new SourceRateLimiter(1, 1, 5),
        };
        var pipeline = new RequestPipeline(new ListenerPolicy(), parts);
        byte[] reply = new byte[1232];
        Assert.Equal(RequestDisposition.Reply, pipeline.Process(Query(), From("192.0.2.1"), reply, 0).Disposition);
        Assert.Equal(
            isLimited ? RequestDisposition.Silence : RequestDisposition.Reply,
            pipeline.Process(Query(), From("192.0.2.200"), reply, 0).Disposition);
        Assert.Equal(RequestDisposition.Reply, pipeline.Process(Query(), From("192.0.2.1", AnswerTransport.Tcp), reply, 0).Disposition);
    }

    [Theory]
    [InlineData("192.0.2.1", "198.51.100.0/24", true)]
    [InlineData("198.51.100.0/24", "192.0.2.1", true)]
    [InlineData("any", "any", false)]
    public void A_control_plane_that_looks_whether_its_zones_are_gone_is_always_answered(string control, string notify, bool isAnswered)
    {
        var policy = new ListenerPolicy { AllowControl = AccessList.Parse(control), AllowNotify = AccessList.Parse(notify) };
        var parts = new PipelineParts
        {
            LocalAnswerer = new Answerer { Length = 40, ResponseCode = ResponseCode.Refused },
            ErrorRate = new SourceRateLimiter(1, 1, 5),
        };
        var pipeline = new RequestPipeline(policy, parts);
        byte[] reply = new byte[1232];
        Assert.Equal(RequestDisposition.Reply, pipeline.Process(Query(), From("192.0.2.1"), reply, 0).Disposition);
        Assert.Equal(
            isAnswered ? RequestDisposition.Reply : RequestDisposition.Silence,
            pipeline.Process(Query(), From("192.0.2.1"), reply, 0).Disposition);
    }

    [Theory]
    [InlineData("192.0.2.1", null, "blue")]
    [InlineData("192.0.2.200", null, "green")]
    [InlineData("198.51.100.1", null, null)]
    [InlineData("198.51.100.1", "good.", "green")]
    [InlineData("192.0.2.1", "good.", "green")]
    public void A_sender_speaks_for_a_master_set_by_its_key_before_its_address(string address, string? key, string? masterSet)
    {
        var policy = new ListenerPolicy
        {
            AllowControl = AccessList.Any,
            MasterSets =
            [
                new MasterSetSenders("blue", AccessList.Parse("192.0.2.0/25")),
                new MasterSetSenders("green", AccessList.Parse("192.0.2.128/25", "key:good")),
            ],
        };
        var pipeline = new RequestPipeline(policy, new PipelineParts { Authenticator = new MarkAuthenticator() });
        byte[] create = Message(0x7400, CreateType, PrivateClass, additional: key is null ? null : Tsig(key));
        ControlRequest? request = pipeline.Process(create, From(address), new byte[1232], 0).Control;
        Assert.Equal(masterSet, request!.MasterSet);
    }

    [Fact]
    public void Too_many_NOTIFYs_are_SERVFAIL()
    {
        var policy = new ListenerPolicy { AllowNotify = AccessList.Any };
        var pipeline = new RequestPipeline(policy, new PipelineParts { NotifyRate = new SourceRateLimiter(1, 1, 5) });
        byte[] notify = Message(0x2400, 6, 1);
        byte[] reply = new byte[1232];
        Assert.NotNull(pipeline.Process(notify, From("192.0.2.1"), reply, 0).Control);
        Assert.Equal(RequestDisposition.Reply, pipeline.Process(notify, From("192.0.2.1"), reply, 0).Disposition);
        Assert.Equal(0xA002, FlagsOf(reply));
    }

    [Theory]
    [InlineData(AnswerTransport.Udp, 0, 512)]
    [InlineData(AnswerTransport.Udp, 100, 512)]
    [InlineData(AnswerTransport.Udp, 700, 700)]
    [InlineData(AnswerTransport.Udp, 4096, 1232)]
    [InlineData(AnswerTransport.Tcp, 0, 65535)]
    public void A_local_answer_is_told_its_limit(AnswerTransport transport, int payload, int limit)
    {
        var answerer = new Answerer { Length = 40 };
        var pipeline = new RequestPipeline(new ListenerPolicy(), new PipelineParts { LocalAnswerer = answerer });
        byte[] query = Query(additional: payload == 0 ? null : Opt(payload: (ushort)payload));
        RequestOutcome outcome = pipeline.Process(query, From("192.0.2.1", transport), new byte[65535], 0);
        Assert.Equal(limit, answerer.Limit);
        Assert.Equal(40, outcome.ReplyLength);
    }

    [Fact]
    public void A_local_answer_to_a_signed_query_is_signed_and_a_foreign_key_is_NOTAUTH()
    {
        var parts = new PipelineParts { LocalAnswerer = new Answerer { Length = 40 }, Authenticator = new MarkAuthenticator() };
        var pipeline = new RequestPipeline(new ListenerPolicy(), parts);
        byte[] reply = new byte[1232];
        Assert.Equal(41, pipeline.Process(Query(additional: Tsig("good.")), From("192.0.2.1"), reply, 0).ReplyLength);
        Assert.Equal((byte)'S', reply[40]);
        pipeline.Process(Query(additional: Tsig("foreign.")), From("192.0.2.1"), reply, 0);
        Assert.Equal(0x8109, FlagsOf(reply));
    }

    /// <summary>A secondary that signs knows us by the key; any other key is between the client and the server behind us.</summary>
    [Theory]
    [InlineData("good.", "key:good.", RequestDisposition.TransferOut)]
    [InlineData("good.", "192.0.2.1", RequestDisposition.TransferOut)]
    [InlineData("good.", "198.51.100.1", RequestDisposition.Relay)]
    [InlineData("foreign.", "192.0.2.1", RequestDisposition.Relay)]
    [InlineData("broken.", "192.0.2.1", RequestDisposition.Relay)]
    public void A_signed_question_for_the_SOA_is_ours_by_a_key_of_ours_though_queries_are_relayed(
        string key, string allowed, RequestDisposition expected)
    {
        var policy = new ListenerPolicy { AllowTransfer = AccessList.Parse(allowed) };
        var parts = new PipelineParts { Authenticator = new MarkAuthenticator(), SendsZones = true, TellsSerials = true };
        var pipeline = new RequestPipeline(policy, parts);
        RequestOutcome outcome = pipeline.Process(Query(type: 6, additional: Tsig(key)), From("192.0.2.1"), new byte[1232], 0);
        Assert.Equal(expected, outcome.Disposition);
        Assert.Equal(expected == RequestDisposition.TransferOut, outcome.Transfer?.Authentication.KeyName is not null);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(513)]
    public void A_local_answerer_that_fails_means_SERVFAIL(int length)
    {
        var pipeline = new RequestPipeline(new ListenerPolicy(), new PipelineParts { LocalAnswerer = new Answerer { Length = length } });
        byte[] reply = new byte[1232];
        Assert.Equal(RequestDisposition.Reply, pipeline.Process(Query(), From("192.0.2.1"), reply, 0).Disposition);
        Assert.Equal(0x8102, FlagsOf(reply));
    }

    [Fact]
    public void A_key_in_allow_query_admits_a_relayed_query_and_only_with_a_good_signature()
    {
        var policy = new ListenerPolicy { AllowQuery = AccessList.Parse("key:good.") };
        var pipeline = new RequestPipeline(policy, new PipelineParts { Authenticator = new MarkAuthenticator() });
        byte[] reply = new byte[1232];
        RequestOutcome relayed = pipeline.Process(Query(additional: Tsig("good.")), From("192.0.2.1"), reply, 0);
        Assert.Equal(RequestDisposition.Relay, relayed.Disposition);
        Assert.False(relayed.Relay.IsSigned);
        Assert.Equal(Query().Length, relayed.Relay.ForwardedBytes(0));
        pipeline.Process(Query(additional: Tsig("foreign.")), From("192.0.2.1"), reply, 0);
        Assert.Equal(0x8109, FlagsOf(reply));
        pipeline.Process(Query(), From("192.0.2.1"), reply, 0);
        Assert.Equal(0x8105, FlagsOf(reply));
    }

    [Fact]
    public void Queries_allocate_nothing()
    {
        var relaying = new RequestPipeline(new ListenerPolicy(), new PipelineParts());
        var answering = new RequestPipeline(new ListenerPolicy(), new PipelineParts { LocalAnswerer = new Answerer { Length = 40 } });
        byte[] query = Query(additional: Opt());
        byte[] reply = new byte[1232];
        RequestSource source = From("192.0.2.1");
        long Measure()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int round = 0; round < 1000; round++)
            {
                relaying.Process(query, source, reply, 0);
                answering.Process(query, source, reply, 0);
            }
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Measure();
        Assert.Equal(0, Measure());
    }

    [Fact]
    public void Trace_ids_differ()
    {
        var pipeline = new RequestPipeline(new ListenerPolicy { AllowNotify = AccessList.Any }, new PipelineParts { TraceSeed = 3 });
        byte[] reply = new byte[1232];
        byte[] notify = Message(0x2400, 6, 1);
        ulong[] ids = [.. Enumerable.Range(0, 100).Select(_ => pipeline.Process(notify, From("10.0.0.1"), reply, 0).Control!.TraceId)];
        Assert.Equal(100, ids.Distinct().Count());
    }

    private sealed class Answerer : ILocalAnswerer
    {
        public int Length { get; init; }

        public ResponseCode ResponseCode { get; init; }

        public int Limit { get; private set; }

        public int Answer(ReadOnlySpan<byte> query, Span<byte> response, AnswerTransport transport)
        {
            Limit = response.Length;
            query[..MessageHeader.Size].CopyTo(response);
            response[3] = (byte)ResponseCode;
            return Length;
        }
    }
}
