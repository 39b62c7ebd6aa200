using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;

namespace Agent.Host.Commands;

public enum ControlOperation
{
    Create,
    Delete,
    Notify,
}

/// <param name="UseTcp">Otherwise UDP, repeated every few seconds: repeats join the work that is under way.</param>
/// <param name="Key">Signs the request; success must then be signed too.</param>
public sealed record ControlRequest(ControlOperation Operation, DomainName Zone, bool UseTcp, TimeSpan Timeout, TsigKey? Key = null);

/// <param name="ExtendedErrors">RFC 8914 errors as "code text".</param>
/// <param name="Signature">What the answer's signature is worth; null for a request that was not signed.</param>
public sealed record ControlAnswer(
    ResponseCode ResponseCode,
    ushort Flags,
    IReadOnlyList<string> ExtendedErrors,
    IPEndPoint From,
    TimeSpan Elapsed,
    TsigVerification? Signature = null)
{
    /// <summary>What a pool manager takes for success: NOERROR with AA.</summary>
    public bool IsSuccess => ResponseCode == ResponseCode.NoError && (Flags & MessageHeader.AuthoritativeFlag) != 0;
}

/// <summary>
/// The pool manager's side of the wire: sends CREATE, DELETE or NOTIFY and waits for the answer. Messages that do not answer the request
/// (other id, opcode or question, from elsewhere, unreadable) are passed over, as a pool manager would. A signed request passes over
/// what is wrongly signed, and unsigned success; an unsigned error is shown, since a server that does not know the key cannot sign.
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
        ushort id = MessageIds.Next();
        var question = new Question(Compose(request, id, out byte[] mac), request.Key, mac, agent, Stopwatch.GetTimestamp());
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(request.Timeout);
        try
        {
            return request.UseTcp
                ? await SendTcpAsync(question, deadline.Token)
                : await SendUdpAsync(question, deadline.Token);
        }
        catch (OperationCanceledException elapsed) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"no answer from {agent} within {request.Timeout.TotalSeconds:0.###} s", elapsed);
        }
    }

    /// <summary>The bytes of a request: one question, and an OPT so that the answer may say why.</summary>
    /// <param name="mac">Of the signature, for verifying the answer; empty without a key.</param>
    public static byte[] Compose(ControlRequest request, ushort id, out byte[] mac)
    {
        (Opcode opcode, RecordType type, RecordClass questionClass) = request.Operation switch
        {
            ControlOperation.Create => (Opcode.CommandAndControl, RecordType.CommandCreate, RecordClass.CommandAndControl),
            ControlOperation.Delete => (Opcode.CommandAndControl, RecordType.CommandDelete, RecordClass.CommandAndControl),
            _ => (Opcode.Notify, RecordType.SOA, RecordClass.IN),
        };
        byte[] buffer = new byte[512 + TsigSigner.SignatureBytesMax];
        ushort flags = MessageHeader.ComposeFlags(opcode, flags: MessageHeader.AuthoritativeFlag);
        var writer = new MessageWriter(buffer.AsSpan(0, 512), id, flags);
        if (!writer.TryWriteQuestion(request.Zone, type, questionClass) || !writer.TryWriteOpt(PayloadSize))
        {
            throw new UnreachableException("a question and an OPT fit into 512 octets");
        }

        int length = writer.Length;
        Span<byte> signature = stackalloc byte[TsigAlgorithms.MaximumMacLength];
        int macLength = 0;
        if (request.Key is { } key && !TsigSigner.TrySignRequest(buffer, ref length, key, NowSeconds(), signature, out macLength))
        {
            throw new UnreachableException("room for any signature was left");
        }

        mac = signature[..macLength].ToArray();
        return buffer[..length];
    }

    private static ulong NowSeconds() => (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    private static async Task<ControlAnswer> SendUdpAsync(Question question, CancellationToken deadline)
    {
        using var socket = new Socket(question.Agent.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(question.Agent, deadline);
        byte[] buffer = new byte[MessageBytesMax];
        while (true)
        {
            await socket.SendAsync(question.Message, deadline);
            using var repeat = CancellationTokenSource.CreateLinkedTokenSource(deadline);
            repeat.CancelAfter(RepeatAfter);
            try
            {
                while (true)
                {
                    int length = await socket.ReceiveAsync(buffer, repeat.Token);
                    if (Read(question, buffer.AsSpan(0, length)) is { } answer) return answer;
                }
            }
            catch (OperationCanceledException) when (!deadline.IsCancellationRequested)
            {
                // Lost on the way, perhaps; the same message again.
            }
        }
    }

    private static async Task<ControlAnswer> SendTcpAsync(Question question, CancellationToken deadline)
    {
        byte[] message = question.Message;
        using var socket = new Socket(question.Agent.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(question.Agent, deadline);
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
                if (Read(question, buffer.AsSpan(0, length)) is { } answer) return answer;
            }
            catch (EndOfStreamException)
            {
                throw new SocketException((int)SocketError.ConnectionReset, "the agent closed the connection without an answer");
            }
        }
    }

    /// <summary>Null when the message is no answer to the request.</summary>
    private static ControlAnswer? Read(Question asking, ReadOnlySpan<byte> message)
    {
        var asked = new MessageReader(asking.Message);
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
        TsigVerification? signature = asking.Key is { } key ? TsigVerifier.VerifyResponse(message, key, asking.Mac, NowSeconds()) : null;
        bool isError = code != ResponseCode.NoError && signature?.Status is TsigStatus.Unsigned or TsigStatus.PeerError;
        if (signature is { IsVerified: false } && !isError) return null;
        TimeSpan elapsed = Stopwatch.GetElapsedTime(asking.Started);
        return new ControlAnswer(code, header.Flags, ExtendedErrors(edns), asking.Agent, elapsed, signature);
    }

    /// <summary>A request on its way, with what its answer is judged by.</summary>
    private sealed record Question(byte[] Message, TsigKey? Key, byte[] Mac, IPEndPoint Agent, long Started);

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
