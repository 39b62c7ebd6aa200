using System.Buffers.Binary;
using System.Globalization;
using Agent.Actors.Listeners;
using Agent.Dns.Wire;
using Agent.Tests.Embedded;
using Xunit.Abstractions;
using static Agent.Tests.Listeners.Requests;

namespace Agent.Tests.Listeners;

/// <summary>
/// More than a million messages of every opcode, class and type, most of them damaged, through the pipeline in process.
/// AGENT_HOSTILE_MESSAGES asks for more of them, AGENT_HOSTILE_SEED for other ones; a failure names seed and round.
/// </summary>
public sealed class HostileMessageTests(ITestOutputHelper output)
{
    private const int DefaultSeed = 20_261;
    private const int DefaultMessages = 400_000;
    private const ushort ResponseBit = 0x8000;
    private const ushort AuthoritativeBit = 0x0400;
    private const ushort RecursionDesiredBit = 0x0100;
    private const string Friend = "10.0.0.1";

    [Theory]
    [InlineData(Friend, AnswerTransport.Udp, false)]
    [InlineData(Friend, AnswerTransport.Tcp, true)]
    [InlineData(Friend, AnswerTransport.Udp, true)]
    [InlineData("198.51.100.7", AnswerTransport.Udp, false)]
    public void Every_message_is_answered_as_its_header_says_or_not_at_all(string client, AnswerTransport transport, bool answersItself)
    {
        ListenerPolicy policy = new()
        {
            AllowQuery = AccessList.Parse("10.0.0.0/8"),
            AllowNotify = AccessList.Parse(Friend),
            AllowControl = AccessList.Parse(Friend),
            AllowTransfer = AccessList.Parse(Friend),
        };
        ILocalAnswerer? answerer = answersItself ? EmbeddedSample.Answerer(EmbeddedSample.Zone) : null;
        RequestPipeline pipeline = new(policy, new PipelineParts { LocalAnswerer = answerer });
        RequestSource source = From(client, transport);
        Judge judge = new(client == Friend, answersItself, transport);
        int seed = Setting("AGENT_HOSTILE_SEED", DefaultSeed);
        Random random = new(seed);
        byte[] reply = new byte[ushort.MaxValue];
        HostileCoverage coverage = new();
        for (int round = 0; round < Setting("AGENT_HOSTILE_MESSAGES", DefaultMessages); round++)
        {
            HostileMessage message = HostileMessages.Next(random, round);
            RequestOutcome outcome = pipeline.Process(message.Octets, source, reply, round);
            string? breach = judge.BreachOf(message.Octets, outcome, reply);
            Assert.True(breach is null, $"seed {seed} round {round}: {breach}: {Convert.ToHexStringLower(message.Octets)}");
            coverage.Add(message, outcome.Disposition);
        }

        output.WriteLine(coverage.ToString());
        Assert.Empty(coverage.Missing());
        // All sixteen opcodes were answered, and what is allowed got through.
        Assert.All(Enumerable.Range(0, 16), opcode => Assert.True(coverage.CountOf(opcode, RequestDisposition.Reply) > 0));
        Assert.Equal(client == Friend, coverage.CountOf(14, RequestDisposition.Control) > 0);
        Assert.Equal(client == Friend, coverage.CountOf(4, RequestDisposition.Control) > 0);
        Assert.Equal(client == Friend && transport == AnswerTransport.Tcp, coverage.CountOf(0, RequestDisposition.TransferOut) > 0);
        Assert.Equal(client == Friend && !answersItself, coverage.CountOf(0, RequestDisposition.Relay) > 0);
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value) ? value : otherwise;

    /// <summary>What an outcome may be, by the header of the request alone.</summary>
    private sealed record Judge(bool IsFriend, bool AnswersItself, AnswerTransport Transport)
    {
        public string? BreachOf(byte[] message, in RequestOutcome outcome, byte[] reply)
        {
            bool mayBeAnswered = message.Length >= MessageHeader.Size && (FlagsOf(message) & ResponseBit) == 0;
            if (!mayBeAnswered)
                return outcome.Disposition == RequestDisposition.Silence ? null : "an answer to what is no request";
            int opcode = (FlagsOf(message) >> 11) & 15;
            return outcome.Disposition switch
            {
                RequestDisposition.Reply => BreachOfReply(message, opcode, reply.AsSpan(0, outcome.ReplyLength)),
                RequestDisposition.Relay => IsFriend && opcode == 0 && !AnswersItself ? null : "relayed",
                RequestDisposition.TransferOut => IsFriend && opcode == 0 ? null : "transferred",
                RequestDisposition.Control => IsFriend && opcode is 4 or 14 ? null : "taken as control",
                _ => "silence",
            };
        }

        private string? BreachOfReply(byte[] message, int opcode, ReadOnlySpan<byte> reply)
        {
            bool mayHaveContent = AnswersItself && opcode == 0;
            int most = mayHaveContent && Transport == AnswerTransport.Tcp ? ushort.MaxValue : RequestPipeline.PayloadBytes;
            if (reply.Length < MessageHeader.Size || reply.Length > most)
                return "an answer of a wrong size";
            if (BinaryPrimitives.ReadUInt16BigEndian(reply) != BinaryPrimitives.ReadUInt16BigEndian(message))
                return "an answer with another id";
            int same = 0x7800 | RecursionDesiredBit;
            if ((FlagsOf(reply) & ResponseBit) == 0 || (FlagsOf(reply) & same) != (FlagsOf(message) & same))
                return "an answer with another opcode or RD";
            if ((FlagsOf(reply) & AuthoritativeBit) != 0 && !mayHaveContent)
                return "an error with AA";
            MessageReader reader = new(reply);
            while (reader.TryReadRecord(out _))
            {
            }

            return reader.Error == WireError.None && reader.AtEnd ? null : "an answer that cannot be read";
        }
    }
}
