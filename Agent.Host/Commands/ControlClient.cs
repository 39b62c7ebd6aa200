using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Agent.Dns.Wire;

namespace Agent.Host.Commands;

public enum ControlOperation
{
    Create,
    Delete,
    Notify,
}

/// <param name="UseTcp">Otherwise UDP, repeated every few seconds: repeats join the work that is under way.</param>
public sealed record ControlRequest(ControlOperation Operation, DomainName Zone, bool UseTcp, TimeSpan Timeout);

/// <param name="ExtendedErrors">RFC 8914 errors as "code text".</param>
public sealed record ControlAnswer(
    ResponseCode ResponseCode, ushort Flags, IReadOnlyList<string> ExtendedErrors, IPEndPoint From, TimeSpan Elapsed)
{
    /// <summary>What a pool manager takes for success: NOERROR with AA.</summary>
    public bool IsSuccess => ResponseCode == ResponseCode.NoError && (Flags & MessageHeader.AuthoritativeFlag) != 0;
}

/// <summary>
/// The pool manager's side of the wire: sends CREATE, DELETE or NOTIFY and waits for the answer. Messages that do not answer the request
/// (other id, opcode or question, from elsewhere, unreadable) are passed over, as a pool manager would.
/// </summary>
public static class ControlClient
{
    private const int MessageBytesMax = 65535;
    private const ushort PayloadSize = 1232;
    private static readonly TimeSpan RepeatAfter = TimeSpan.FromSeconds(5);

    /// <exception cref="SocketException">Nobody listens there, or it cannot be reached.</exception>
    /// <exception cref="TimeoutException">No answer within the request's timeout.</exception>
    public static async Task<ControlAnswer> SendAsync(IPEndPoint agent, ControlRequest request, CancellationToken cancellation = default)
    {
        byte[] message = Compose(request, (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1));
        long started = Stopwatch.GetTimestamp();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(request.Timeout);
        try
        {
            return request.UseTcp
                ? await SendTcpAsync(agent, message, started, deadline.Token)
                : await SendUdpAsync(agent, message, started, deadline.Token);
        }
        catch (OperationCanceledException elapsed) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"no answer from {agent} within {request.Timeout.TotalSeconds:0.###} s", elapsed);
        }
    }

    /// <summary>The bytes of a request: one question, and an OPT so that the answer may say why.</summary>
    public static byte[] Compose(ControlRequest request, ushort id)
    {
        (Opcode opcode, RecordType type, RecordClass questionClass) = request.Operation switch
        {
            ControlOperation.Create => (Opcode.CommandAndControl, RecordType.CommandCreate, RecordClass.CommandAndControl),
            ControlOperation.Delete => (Opcode.CommandAndControl, RecordType.CommandDelete, RecordClass.CommandAndControl),
            _ => (Opcode.Notify, RecordType.SOA, RecordClass.IN),
        };
        var writer = new MessageWriter(new byte[512], id, MessageHeader.ComposeFlags(opcode, flags: MessageHeader.AuthoritativeFlag));
        if (!writer.TryWriteQuestion(request.Zone, type, questionClass) || !writer.TryWriteOpt(PayloadSize))
        {
            throw new UnreachableException("a question and an OPT fit into 512 octets");
        }

        return writer.Written.ToArray();
    }

    private static async Task<ControlAnswer> SendUdpAsync(IPEndPoint agent, byte[] message, long started, CancellationToken deadline)
    {
        using var socket = new Socket(agent.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(agent, deadline);
        byte[] buffer = new byte[MessageBytesMax];
        while (true)
        {
            await socket.SendAsync(message, deadline);
            using var repeat = CancellationTokenSource.CreateLinkedTokenSource(deadline);
            repeat.CancelAfter(RepeatAfter);
            try
            {
                while (true)
                {
                    int length = await socket.ReceiveAsync(buffer, repeat.Token);
                    if (Read(message, buffer.AsSpan(0, length), agent, started) is { } answer) return answer;
                }
            }
            catch (OperationCanceledException) when (!deadline.IsCancellationRequested)
            {
                // Lost on the way, perhaps; the same message again.
            }
        }
    }

    private static async Task<ControlAnswer> SendTcpAsync(IPEndPoint agent, byte[] message, long started, CancellationToken deadline)
    {
        using var socket = new Socket(agent.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(agent, deadline);
        byte[] framed = new byte[message.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)message.Length);
        message.CopyTo(framed, 2);
        await socket.SendAsync(framed, deadline);
        await using var stream = new NetworkStream(socket);
        byte[] buffer = new byte[MessageBytesMax];
        while (true)
        {
            try
            {
                await stream.ReadExactlyAsync(buffer.AsMemory(0, 2), deadline);
                int length = BinaryPrimitives.ReadUInt16BigEndian(buffer);
                await stream.ReadExactlyAsync(buffer.AsMemory(0, length), deadline);
                if (Read(message, buffer.AsSpan(0, length), agent, started) is { } answer) return answer;
            }
            catch (EndOfStreamException)
            {
                throw new SocketException((int)SocketError.ConnectionReset, "the agent closed the connection without an answer");
            }
        }
    }

    /// <summary>Null when the message is no answer to the request.</summary>
    internal static ControlAnswer? Read(ReadOnlySpan<byte> request, ReadOnlySpan<byte> message, IPEndPoint from, long started)
    {
        var asked = new MessageReader(request);
        var reader = new MessageReader(message);
        MessageHeader header = reader.Header;
        if (reader.Error != WireError.None || !header.IsResponse) return null;
        if (header.Id != asked.Header.Id || header.Opcode != asked.Header.Opcode) return null;
        if (!asked.TryReadQuestion(out QuestionView question)) return null;

        // An error may come without the question, where the agent could not read it.
        if (header.QuestionCount > 0 && !(reader.TryReadQuestion(out QuestionView answered) && IsSame(question, answered))) return null;
        if (header.QuestionCount == 0 && header.ResponseCode == ResponseCode.NoError) return null;
        while (reader.TryReadRecord(out _))
        {
            // To the end: what stands behind the last record makes the whole unreadable.
        }

        if (!reader.AtEnd || EdnsView.Find(message, out EdnsView edns) != WireError.None) return null;
        ResponseCode code = edns.IsPresent ? edns.ExtendResponseCode(header.ResponseCode) : header.ResponseCode;
        return new ControlAnswer(code, header.Flags, ExtendedErrors(edns), from, Stopwatch.GetElapsedTime(started));
    }

    private static bool IsSame(QuestionView asked, QuestionView answered)
    {
        Span<byte> name = stackalloc byte[255];
        return asked.Type == answered.Type && asked.Class == answered.Class
            && asked.TryCopyName(name, out int length) && answered.NameEquals(name[..length]);
    }

    private static List<string> ExtendedErrors(EdnsView edns)
    {
        var errors = new List<string>();
        if (!edns.IsPresent) return errors;
        ReadOnlySpan<byte> options = edns.Options;
        while (EdnsView.TryTakeOption(ref options, out EdnsOptionCode option, out ReadOnlySpan<byte> value))
        {
            if (option != EdnsOptionCode.ExtendedError || value.Length < 2) continue;
            var code = (ExtendedErrorCode)BinaryPrimitives.ReadUInt16BigEndian(value);
            string name = Enum.IsDefined(code) ? code.ToString() : "unknown";
            string text = PlainText.Of(Encoding.UTF8.GetString(value[2..]));
            errors.Add(string.Create(CultureInfo.InvariantCulture, $"{(ushort)code} {name}{(text.Length > 0 ? ": " : "")}{text}"));
        }

        return errors;
    }
}
