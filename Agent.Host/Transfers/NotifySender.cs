using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Agent.Actors.Transfers;
using Agent.Dns.Net;
using Agent.Dns.Transfers;
using Agent.Dns.Wire;

namespace Agent.Host.Transfers;

/// <summary>
/// Sends one NOTIFY and waits for the answer that belongs to it: by UDP from a socket of its own, or over a kept TLS connection if that is
/// how the receiver is to be told.
/// </summary>
internal sealed class NotifySender(MasterConnectionPool connections, TransferKeyring keyring, TimeProvider clock)
{
    private const int BufferSize = 4096;

    public async Task<NotifyAnswered> NotifyAsync(SendNotify request, CancellationToken stopping)
    {
        NotifyAnswered answer = await SendAsync(request, stopping);
        OutgoingMetrics.Notified(!answer.IsAnswered ? "no_answer" : answer.Problem is null ? "done" : "refused");
        return answer;
    }

    private async Task<NotifyAnswered> SendAsync(SendNotify request, CancellationToken stopping)
    {
        string? keyName = request.Receiver.KeyName;
        using TransferSignature? signature = keyName is null ? null : keyring.Begin(keyName, $"receiver {request.Receiver.EndPoint}");
        if (keyName is not null && signature is null)
            return new NotifyAnswered(request.Id, IsAnswered: false, $"there is no key {keyName} to sign it with");
        var buffer = new byte[BufferSize];
        ushort id = MessageIds.Next();
        Span<byte> message = buffer.AsSpan(TcpFramer.PrefixBytes);
        int length = TransferQuery.WriteNotify(message, request.Zone, id);
        if (request.Receiver.Tls is not null)
            length = TransferQuery.Pad(message, length, signature?.RequestSize ?? 0);
        if (signature is not null)
            length = signature.Sign(message, length);
        try
        {
            using var patience = new CancellationTokenSource(request.Timeout, clock);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stopping);
            return request.Receiver.Tls is null
                ? await SendByUdpAsync(request, buffer, length, id, signature, linked.Token)
                : await SendOverTlsAsync(request, buffer, length, id, signature, linked.Token);
        }
        catch (TlsRefusedException refused)
        {
            return new NotifyAnswered(request.Id, IsAnswered: false, $"{refused.Reason.Text} ({refused.Reason.Code})");
        }
        catch (OperationCanceledException)
        {
            return new NotifyAnswered(request.Id, IsAnswered: false, $"no answer within {request.Timeout.TotalSeconds:0.#} s");
        }
        catch (SocketException exception)
        {
            return new NotifyAnswered(request.Id, IsAnswered: false, exception.Message);
        }
    }

    private async Task<NotifyAnswered> SendByUdpAsync(
        SendNotify request, byte[] buffer, int length, ushort id, TransferSignature? signature, CancellationToken cancellation)
    {
        using Socket socket = connections.CreateSocket(request.Receiver.EndPoint.AddressFamily, SocketType.Dgram);
        await socket.ConnectAsync(request.Receiver.EndPoint, cancellation);
        await socket.SendAsync(buffer.AsMemory(TcpFramer.PrefixBytes, length), cancellation);
        while (true)
        {
            int received = await socket.ReceiveAsync(buffer.AsMemory(), cancellation);
            if (IsOurs(buffer.AsSpan(0, received), id, out ResponseCode code))
                return Judge(request, buffer.AsSpan(0, received), code, signature);
        }
    }

    private async Task<NotifyAnswered> SendOverTlsAsync(
        SendNotify request, byte[] buffer, int length, ushort id, TransferSignature? signature, CancellationToken cancellation)
    {
        NotifyReceiver receiver = request.Receiver;
        IPEndPoint endPoint = receiver.EndPoint;
        var master = new Master(endPoint.ToString(), endPoint.Address.ToString(), endPoint.Port, receiver.KeyName) { Tls = receiver.Tls };
        var address = new MasterAddress(master, endPoint);
        ReadOnlyMemory<byte> frame = buffer.AsMemory(0, TcpFramer.Seal(buffer, length));
        while (connections.TryTake(address, out MasterConnection? kept))
        {
            // It may have been closed there since: then nothing has come of it and a fresh one tells.
            if (await TryExchangeAsync(kept, request, frame, id, signature, cancellation) is { } answer)
                return answer;
        }
        MasterConnection fresh = await connections.ConnectAsync(address, cancellation);
        return await TryExchangeAsync(fresh, request, frame, id, signature, cancellation)
            ?? throw new TlsRefusedException(fresh.Refusal ?? throw new UnreachableException("a connection over TLS has a profile"));
    }

    /// <summary>Null: the connection ended before an answer came. The connection is consumed.</summary>
    private async Task<NotifyAnswered?> TryExchangeAsync(
        MasterConnection connection,
        SendNotify request,
        ReadOnlyMemory<byte> frame,
        ushort id,
        TransferSignature? signature,
        CancellationToken cancellation)
    {
        using var framer = new TcpFramer();
        bool isReusable = false;
        try
        {
            await connection.SendAsync(frame, cancellation);
            ReadOnlyMemory<byte> message;
            while (!framer.TryRead(out message))
            {
                int received = await connection.ReceiveAsync(framer.ReceiveBuffer, cancellation);
                if (received == 0)
                    return null;
                framer.Advance(received);
            }
            if (!IsOurs(message.Span, id, out ResponseCode code))
                return new NotifyAnswered(request.Id, IsAnswered: false, "what it answered belongs to no NOTIFY");
            isReusable = !framer.IsInsideMessage;
            return Judge(request, message.Span, code, signature);
        }
        catch (SocketException)
        {
            return null;
        }
        finally
        {
            if (isReusable)
                connections.Return(connection);
            else
                connection.Dispose();
        }
    }

    private static NotifyAnswered Judge(SendNotify request, ReadOnlySpan<byte> message, ResponseCode code, TransferSignature? signature)
    {
        // An answer whose signature is missing ends nothing: anybody could keep the news from a receiver with it.
        if (signature is not null && !(signature.Accept(message) && signature.IsLastSigned))
            return new NotifyAnswered(request.Id, IsAnswered: false, signature.Error);
        return new NotifyAnswered(request.Id, IsAnswered: true, code == ResponseCode.NoError ? null : code.ToString().ToUpperInvariant());
    }

    private static bool IsOurs(ReadOnlySpan<byte> message, ushort id, out ResponseCode code)
    {
        bool isRead = MessageHeader.TryRead(message, out MessageHeader header);
        code = header.ResponseCode;
        return isRead && header.Id == id && header.IsResponse && header.Opcode == Opcode.Notify;
    }
}
