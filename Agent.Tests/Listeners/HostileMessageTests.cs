using System.Buffers.Binary;
using Agent.Actors.Listeners;
using Agent.Dns.Wire;
using static Agent.Tests.Listeners.Requests;

namespace Agent.Tests.Listeners;

/// <summary>
/// A million messages, built from every opcode and many types and then damaged, through the pipeline in process. AGENT_HOSTILE_MESSAGES
/// asks for more of them.
/// </summary>
public sealed class HostileMessageTests
{
    private const int Seed = 20_261;
    private const ushort ResponseBit = 0x8000;
    private const ushort RecursionDesiredBit = 0x0100;

    [Theory]
    [InlineData("10.0.0.1", AnswerTransport.Udp)]
    [InlineData("10.0.0.1", AnswerTransport.Tcp)]
    [InlineData("198.51.100.7", AnswerTransport.Udp)]
    public void Every_message_is_answered_as_its_header_says_or_not_at_all(string client, AnswerTransport transport)
    {
        ListenerPolicy policy = new()
        {
            AllowQuery = AccessList.Parse("10.0.0.0/8"),
            AllowNotify = AccessList.Parse("10.0.0.1"),
            AllowControl = AccessList.Parse("10.0.0.1"),
            AllowTransfer = AccessList.Parse("10.0.0.1"),
        };
        RequestPipeline pipeline = new(policy, new PipelineParts());
        RequestSource source = From(client, transport);
        bool isFriend = client == "10.0.0.1";
        Random random = new(Seed);
        byte[] reply = new byte[ushort.MaxValue];
        HashSet<(int Opcode, RequestDisposition)> seen = [];
        int messages = int.TryParse(Environment.GetEnvironmentVariable("AGENT_HOSTILE_MESSAGES"), out int wanted) ? wanted : 400_000;
        for (int round = 0; round < messages; round++)
        {
            byte[] message = HostileMessages.Next(random, round);
            RequestOutcome outcome = pipeline.Process(message, source, reply, round);
            string? breach = Breach(message, outcome, reply, isFriend);
            Assert.True(breach is null, $"{breach}: {Convert.ToHexStringLower(message)}");
            if (message.Length >= MessageHeader.Size)
                seen.Add(((FlagsOf(message) >> 11) & 15, outcome.Disposition));
        }

        // All sixteen opcodes were answered, and what is allowed got through.
        Assert.Equal(16, seen.Count(item => item.Item2 == RequestDisposition.Reply));
        Assert.Equal(isFriend, seen.Contains((14, RequestDisposition.Control)) && seen.Contains((4, RequestDisposition.Control))
            && seen.Contains((0, RequestDisposition.Relay)));
    }

    private static string? Breach(byte[] message, in RequestOutcome outcome, byte[] reply, bool isFriend)
    {
        bool mayBeAnswered = message.Length >= MessageHeader.Size && (FlagsOf(message) & ResponseBit) == 0;
        if (!mayBeAnswered)
            return outcome.Disposition == RequestDisposition.Silence ? null : "an answer to what is no request";
        int opcode = (FlagsOf(message) >> 11) & 15;
        switch (outcome.Disposition)
        {
            case RequestDisposition.Reply:
                return BreachOfReply(message, reply.AsSpan(0, outcome.ReplyLength));
            case RequestDisposition.Relay:
                return isFriend && opcode == 0 ? null : "relayed";
            case RequestDisposition.TransferOut:
                return isFriend && opcode == 0 ? null : "transferred";
            case RequestDisposition.Control:
                return isFriend && opcode is 4 or 14 ? null : "taken as control";
            default:
                return "silence";
        }
    }

    private static string? BreachOfReply(byte[] message, ReadOnlySpan<byte> reply)
    {
        if (reply.Length is < MessageHeader.Size or > RequestPipeline.PayloadBytes)
            return "an answer of a wrong size";
        if (BinaryPrimitives.ReadUInt16BigEndian(reply) != BinaryPrimitives.ReadUInt16BigEndian(message))
            return "an answer with another id";
        int same = 0x7800 | RecursionDesiredBit;
        if ((FlagsOf(reply) & ResponseBit) == 0 || (FlagsOf(reply) & same) != (FlagsOf(message) & same))
            return "an answer with another opcode or RD";
        if ((FlagsOf(reply) & 0x0400) != 0)
            return "an error with AA";
        MessageReader reader = new(reply);
        while (reader.TryReadRecord(out _))
        {
        }

        return reader.Error == WireError.None && reader.AtEnd ? null : "an answer that cannot be read";
    }
}
