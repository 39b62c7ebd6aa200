using System.Buffers.Binary;
using System.Net;
using Agent.Actors.Listeners;
using Agent.Dns.Net;
using Agent.Dns.Wire;

namespace Agent.Tests.Listeners;

/// <summary>Builds the messages of the wire table by hand, so that the tests do not lean on the writer under test.</summary>
internal static class Requests
{
    public const ushort Id = 0x1234;
    public const ushort CreateType = 65282;
    public const ushort DeleteType = 65283;
    public const ushort PrivateClass = 65280;

    public static byte[] Message(
        ushort flags, ushort type, ushort recordClass, string name = "example.com.", byte[]? additional = null, int questions = 1)
    {
        byte[] wire = DomainName.Parse(name).Wire.ToArray();
        var message = new List<byte>();
        Append(message, Id, flags, (ushort)questions, 0, 0, (ushort)(additional is null ? 0 : 1));
        for (int index = 0; index < questions; index++)
        {
            message.AddRange(wire);
            Append(message, type, recordClass);
        }
        message.AddRange(additional ?? []);
        return [.. message];
    }

    public static byte[] Opt(byte version = 0, ushort payload = 4096, bool dnssecOk = false) =>
        [0, 0, 41, (byte)(payload >> 8), (byte)payload, 0, version, (byte)(dnssecOk ? 0x80 : 0), 0, 0, 0];

    /// <summary>A TSIG record of the right outline for the key; what it proves is up to the authenticator of the test.</summary>
    public static byte[] Tsig(string key)
    {
        var record = new List<byte>(DomainName.Parse(key).Wire.ToArray());
        Append(record, 250, 255);
        byte[] rdata = [.. DomainName.Parse("hmac-sha256.").Wire, 0, 0, 0, 0, 0, 1, 1, 44, 0, 0, 0x12, 0x34, 0, 0, 0, 0];
        Append(record, 0, 0, (ushort)rdata.Length);
        record.AddRange(rdata);
        return [.. record];
    }

    /// <summary>The same message under another id: a request of its own, and no repeat.</summary>
    public static byte[] WithId(byte[] message, ushort id)
    {
        byte[] other = [.. message];
        BinaryPrimitives.WriteUInt16BigEndian(other, id);
        return other;
    }

    public static byte[] Query(string name = "www.example.com.", ushort type = 1, ushort flags = 0x0100, byte[]? additional = null) =>
        Message(flags, type, 1, name, additional);

    public static ushort FlagsOf(ReadOnlySpan<byte> message) => BinaryPrimitives.ReadUInt16BigEndian(message[2..]);

    public static RequestSource From(string client, AnswerTransport transport = AnswerTransport.Udp, IReplyPath? path = null) =>
        new(
            NetworkEndpoint.From(IPAddress.Parse(client), 4000),
            NetworkEndpoint.From(IPAddress.Parse("192.0.2.53"), 53),
            transport,
            path ?? new RecordingPath());

    /// <summary>A control message that has passed all checks.</summary>
    public static ControlRequest Control(byte[] message, IReplyPath path, RequestCounters? counters = null)
    {
        var policy = new ListenerPolicy { AllowControl = AccessList.Any, AllowNotify = AccessList.Any };
        var pipeline = new RequestPipeline(policy, new PipelineParts { Authenticator = new MarkAuthenticator(), Counters = counters });
        RequestOutcome outcome = pipeline.Process(message, From("10.0.0.1", path: path), new byte[1232], 0);
        return outcome.Control ?? throw new InvalidOperationException("not a control request");
    }

    private static void Append(List<byte> target, params ReadOnlySpan<ushort> values)
    {
        foreach (ushort value in values)
        {
            target.Add((byte)(value >> 8));
            target.Add((byte)value);
        }
    }

    internal sealed class RecordingPath : IReplyPath
    {
        public List<byte[]> Sent { get; } = [];

        public bool Reply(in ReplyToken token, ReadOnlySpan<byte> message)
        {
            Sent.Add(message.ToArray());
            return true;
        }

        public void Withhold(in ReplyToken token) => Withheld++;

        public int Withheld { get; private set; }
    }

    /// <summary>Knows one good key; "broken." cannot be read; every other key fails. Signs by appending one mark octet.</summary>
    internal sealed class MarkAuthenticator : IRequestAuthenticator
    {
        public static readonly DomainName GoodKey = DomainName.Parse("good.");

        public int SignatureBytes(in RequestAuthentication request) => 1;

        public RequestAuthentication Verify(ReadOnlySpan<byte> message, in NetworkEndpoint client)
        {
            if (message.IndexOf(GoodKey.Wire) >= 0)
            {
                return new RequestAuthentication(AuthenticationStatus.Verified, GoodKey);
            }
            return new RequestAuthentication(
                message.IndexOf(DomainName.Parse("broken.").Wire) >= 0 ? AuthenticationStatus.Malformed : AuthenticationStatus.Failed);
        }

        public int Sign(Span<byte> buffer, int length, in RequestAuthentication request)
        {
            buffer[length] = request.Status == AuthenticationStatus.Verified ? (byte)'S' : (byte)'E';
            return length + 1;
        }
    }
}
