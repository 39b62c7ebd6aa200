using System.Net.Sockets;
using System.Security.Cryptography;
using Agent.Actors.Transfers;
using Agent.Dns.Transfers;
using Agent.Dns.Wire;

namespace Agent.Host.Transfers;

/// <summary>Sends one NOTIFY by UDP from a socket of its own, and waits for the answer that belongs to it.</summary>
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
        using TransferSignature? signature = keyName is null ? null : keyring.Begin(keyName);
        if (keyName is not null && signature is null)
            return new NotifyAnswered(request.Id, IsAnswered: false, $"there is no key {keyName} to sign it with");
        var buffer = new byte[BufferSize];
        ushort id = (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1);
        int length = TransferQuery.WriteNotify(buffer, request.Zone, id);
        if (signature is not null)
            length = signature.Sign(buffer, length);
        try
        {
            using var patience = new CancellationTokenSource(request.Timeout, clock);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stopping);
            using Socket socket = connections.CreateSocket(request.Receiver.EndPoint.AddressFamily, SocketType.Dgram);
            await socket.ConnectAsync(request.Receiver.EndPoint, linked.Token);
            await socket.SendAsync(buffer.AsMemory(0, length), linked.Token);
            while (true)
            {
                int received = await socket.ReceiveAsync(buffer.AsMemory(), linked.Token);
                if (IsOurs(buffer.AsSpan(0, received), id, out ResponseCode code))
                    return Judge(request, buffer.AsSpan(0, received), code, signature);
            }
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
