using Agent.Actors.Listeners;
using Agent.Dns.Wire;
using static Agent.Tests.Listeners.Requests;

namespace Agent.Tests.Listeners;

public sealed class ControlGateTests
{
    private readonly Sink _sink = new();
    private readonly RecordingPath _path = new();
    private ushort _next = Id;

    [Fact]
    public void An_answer_is_sent_once_and_gives_back_the_credit()
    {
        var gate = new ControlGate(_sink, credits: 1);
        Assert.True(gate.Post(Request(), 0));
        Assert.Equal(1, gate.OpenCount);
        Assert.True(_sink.Taken[0].TryAnswer(ControlAnswer.Done));
        Assert.False(_sink.Taken[0].TryAnswer(ControlAnswer.Done));
        Assert.False(_sink.Taken[0].TryIgnore());
        Assert.Equal(0, gate.OpenCount);
        Assert.Equal("12347400000100000000000007"[..4] + "F4000001000000000000", Convert.ToHexString(_path.Sent.Single())[..24]);
        Assert.True(gate.Post(Request(), 0));
    }

    [Fact]
    public void Without_credit_the_answer_is_SERVFAIL()
    {
        var gate = new ControlGate(_sink, credits: 1);
        gate.Post(Request(), 0);
        Assert.False(gate.Post(Request(), 0));
        Assert.Equal(0xF002, FlagsOf(_path.Sent.Single()));
        Assert.Single(_sink.Taken);
    }

    [Fact]
    public void A_full_sink_means_SERVFAIL_and_no_credit_held()
    {
        _sink.IsFull = true;
        var gate = new ControlGate(_sink);
        Assert.False(gate.Post(Request(), 0));
        Assert.Equal(0, gate.OpenCount);
        Assert.Equal(0xF002, FlagsOf(_path.Sent.Single()));
    }

    [Fact]
    public void What_nobody_answers_is_answered_when_its_time_is_over()
    {
        var gate = new ControlGate(_sink, answerWithinMs: 1000);
        gate.Post(Request(), 0);
        gate.Post(Request(), 500);
        gate.Sweep(999);
        Assert.Empty(_path.Sent);
        gate.Sweep(1000);
        Assert.Single(_path.Sent);
        Assert.Equal(1, gate.OpenCount);
        Assert.False(_sink.Taken[0].TryAnswer(ControlAnswer.Done));
        Assert.True(_sink.Taken[1].TryAnswer(ControlAnswer.Done));
        Assert.Equal(0xF400, FlagsOf(_path.Sent[1]));
    }

    [Fact]
    public void A_NOTIFY_waits_less_long_than_a_change()
    {
        var gate = new ControlGate(_sink, answerWithinMs: 1000, notifyWithinMs: 100);
        gate.Post(Request(), 0);
        gate.Post(Make(Message(0x2100, 6, 1)), 500);
        gate.Sweep(600);
        Assert.Equal(0xA102, FlagsOf(_path.Sent.Single()));
        gate.Sweep(1000);
        Assert.Equal(0xF002, FlagsOf(_path.Sent[1]));
        Assert.Equal(0, gate.OpenCount);
    }

    [Fact]
    public void A_request_may_end_in_silence()
    {
        var gate = new ControlGate(_sink);
        gate.Post(Request(), 0);
        Assert.True(_sink.Taken[0].TryIgnore());
        Assert.Equal(0, gate.OpenCount);
        Assert.Empty(_path.Sent);
        Assert.Equal(1, _path.Withheld);
    }

    [Theory]
    [InlineData(CreateType)]
    [InlineData(DeleteType)]
    public void A_repeat_joins_the_request_under_way_and_is_answered_with_it(int type)
    {
        var gate = new ControlGate(_sink);
        byte[] message = Message(0x7400, (ushort)type, PrivateClass);
        Assert.True(gate.Post(Make(message), 0));
        Assert.True(gate.Post(Make(message), 5000));
        Assert.True(gate.Post(Make(message), 10_000));
        ControlRequest first = Assert.Single(_sink.Taken);
        Assert.Equal(3, gate.OpenCount);
        Assert.True(first.TryAnswer(ControlAnswer.Failed(ExtendedErrorCode.NotReady, "for a test")));
        Assert.Equal([0xF002, 0xF002, 0xF002], _path.Sent.Select(sent => (int)FlagsOf(sent)));
        Assert.Equal(0, gate.OpenCount);

        // The work is over: what comes now begins anew.
        Assert.True(gate.Post(Make(message), 15_000));
        Assert.Equal(2, _sink.Taken.Count);
    }

    [Fact]
    public void The_end_of_the_first_is_the_end_of_its_repeats()
    {
        var gate = new ControlGate(_sink, answerWithinMs: 1000);
        byte[] message = Message(0x7400, CreateType, PrivateClass);
        gate.Post(Make(message), 0);
        gate.Post(Make(message), 900);
        gate.Sweep(1000);
        Assert.Equal((2, 0), (_path.Sent.Count, gate.OpenCount));
        gate.Post(Make(message), 1000);
        gate.Post(Make(message), 1000);
        Assert.True(_sink.Taken[1].TryIgnore());
        Assert.Equal((2, 2, 0), (_path.Sent.Count, _path.Withheld, gate.OpenCount));
    }

    [Fact]
    public void A_repeat_for_which_there_is_no_room_is_answered_by_the_answer_to_the_first()
    {
        var gate = new ControlGate(_sink, credits: 1);
        byte[] message = Message(0x7400, CreateType, PrivateClass);
        gate.Post(Make(message), 0);
        Assert.True(gate.Post(Make(message), 0));
        Assert.Equal((0, 1, 1), (_path.Sent.Count, _path.Withheld, gate.OpenCount));
        _sink.Taken[0].TryAnswer(ControlAnswer.Done);
        Assert.Single(_path.Sent);
    }

    [Fact]
    public void What_differs_in_anything_is_no_repeat()
    {
        var gate = new ControlGate(_sink);
        gate.Post(Make(Message(0x7400, CreateType, PrivateClass)), 0);
        gate.Post(Make(Message(0x7400, DeleteType, PrivateClass)), 0);
        gate.Post(Make(Message(0x7400, CreateType, PrivateClass, "example.net.")), 0);
        gate.Post(Make(WithId(Message(0x7400, CreateType, PrivateClass), 7)), 0);
        gate.Post(Make(Message(0x7400, CreateType, PrivateClass, additional: Tsig("good."))), 0);
        Assert.Equal(5, _sink.Taken.Count);
        gate.Post(Make(Message(0x7400, CreateType, PrivateClass, "EXAMPLE.com.")), 0);
        Assert.Equal(5, _sink.Taken.Count);
    }

    [Theory]
    [InlineData(0x2100, 6, 1, "A500", "A102")]
    [InlineData(0x2000, 6, 1, "A400", "A002")]
    [InlineData(0x7400, CreateType, PrivateClass, "F400", "F002")]
    [InlineData(0x7400, DeleteType, PrivateClass, "F400", "F002")]
    public void Answers_have_the_flags_that_a_pool_manager_knows(int flags, int type, int recordClass, string done, string failed)
    {
        byte[] message = Message((ushort)flags, (ushort)type, (ushort)recordClass, "Zone.Example.");
        Make(message).TryAnswer(ControlAnswer.Done);
        Make(message).TryAnswer(ControlAnswer.Failed(ExtendedErrorCode.NetworkError));
        Assert.Equal(Convert.ToHexString(message)[..4] + done + Convert.ToHexString(message)[8..], Convert.ToHexString(_path.Sent[0]));
        Assert.Equal(Convert.ToHexString(message)[..4] + failed + Convert.ToHexString(message)[8..], Convert.ToHexString(_path.Sent[1]));
    }

    [Fact]
    public void EDNS_and_signature_come_back_with_the_answer()
    {
        byte[] message = [.. Message(0x7400, CreateType, PrivateClass, additional: Opt(dnssecOk: true)), .. Tsig("good.")];
        message[11] = 2;
        Make(message).TryAnswer(ControlAnswer.Failed(ExtendedErrorCode.NoReachableAuthority, "no master has the zone"));
        byte[] answer = _path.Sent.Single();
        Assert.Equal((byte)'S', answer[^1]);
        Assert.Equal(WireError.None, EdnsView.Find(answer.AsSpan(0, answer.Length - 1), out EdnsView edns));
        Assert.Equal(1232, edns.PayloadSize);
        Assert.True(edns.TryGetExtendedError(out ExtendedErrorCode code, out ReadOnlySpan<byte> text));
        Assert.Equal(ExtendedErrorCode.NoReachableAuthority, code);
        Assert.Equal("no master has the zone"u8, text);
    }

    [Fact]
    public void Answers_are_counted()
    {
        using var counters = new RequestCounters();
        Make(Message(0x7400, CreateType, PrivateClass), counters).TryAnswer(ControlAnswer.Done);
        Assert.Equal(1, counters.Read(AnswerTransport.Udp, Opcode.CommandAndControl, ResponseCode.NoError));
    }

    /// <summary>A CREATE like no other.</summary>
    private ControlRequest Request() => Make(WithId(Message(0x7400, CreateType, PrivateClass), _next++));

    private ControlRequest Make(byte[] message, RequestCounters? counters = null) => Control(message, _path, counters);

    private sealed class Sink : IControlSink
    {
        public List<ControlRequest> Taken { get; } = [];

        public bool IsFull { get; set; }

        public bool TryPost(ControlRequest request)
        {
            if (!IsFull)
            {
                Taken.Add(request);
            }
            return !IsFull;
        }
    }
}
