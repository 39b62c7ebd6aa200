using System.Net;
using System.Net.Sockets;
using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Backends.Contents;

/// <summary>
/// Asks a server for RRsets over one TCP connection, or over several where it closes each behind its answer. A server that does not answer
/// by TCP at all is asked by UDP, with two repeats. For one user at a time.
/// </summary>
/// <param name="server">Where it answers.</param>
/// <param name="time">For the repeats.</param>
public sealed class RrsetQuestions(EndPoint server, TimeProvider time) : IDisposable
{
    private const int DatagramSizeMax = 4096;
    private const int TriesMax = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private DnsConnection? _connection;
    private bool _isByUdp;

    /// <summary>Asks; null when the server closed a connection that it had only just accepted, or is silent.</summary>
    /// <exception cref="SocketException">It cannot be reached.</exception>
    public async Task<RrsetAnswer?> AskAsync(DomainName owner, RecordType type, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(owner);
        if (_isByUdp) return await AskByUdpAsync(owner, type, stop);
        if (_connection is not null && await TryAskAsync(_connection, owner, type, stop) is { } answer) return answer;
        Dispose();
        try
        {
            _connection = await DnsConnection.OpenAsync(server, stop);
        }
        catch (SocketException refused) when (refused.SocketErrorCode == SocketError.ConnectionRefused)
        {
            _isByUdp = true;
            return await AskByUdpAsync(owner, type, stop);
        }

        return await AskAsync(_connection, owner, type, stop);
    }

    /// <summary>Closes the connection.</summary>
    public void Dispose() => _connection?.Dispose();

    private static async Task<RrsetAnswer?> TryAskAsync(DnsConnection used, DomainName owner, RecordType type, CancellationToken stop)
    {
        try
        {
            return await AskAsync(used, owner, type, stop);
        }
        catch (SocketException)
        {
            // Closed between two questions, as a server may do at any time; a new connection will tell.
            return null;
        }
    }

    private static async Task<RrsetAnswer?> AskAsync(DnsConnection connection, DomainName owner, RecordType type, CancellationToken stop)
    {
        ushort id = MessageIds.Next();
        await connection.SendAsync(Compose(id, owner, type), stop);
        ReadOnlyMemory<byte> message = await connection.ReceiveAsync(stop);
        return message.IsEmpty ? null : RrsetAnswer.Read(message.Span, id, owner, type);
    }

    private async Task<RrsetAnswer?> AskByUdpAsync(DomainName owner, RecordType type, CancellationToken stop)
    {
        using Socket socket = new(SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server, stop);
        byte[] buffer = new byte[DatagramSizeMax];
        ushort id = MessageIds.Next();
        for (int attempt = 0; attempt < TriesMax; attempt++)
        {
            using CancellationTokenSource late = new(Patience, time);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
            try
            {
                await socket.SendAsync(Compose(id, owner, type), either.Token);
                int length = await socket.ReceiveAsync(buffer, either.Token);
                return RrsetAnswer.Read(buffer.AsSpan(0, length), id, owner, type);
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                // The next try.
            }
        }

        return null;
    }

    private static byte[] Compose(ushort id, DomainName owner, RecordType type)
    {
        byte[] buffer = new byte[MessageHeader.Size + owner.Wire.Length + 4];
        MessageWriter writer = new(buffer, id, MessageHeader.ComposeFlags(Opcode.Query));
        writer.TryWriteQuestion(owner, type);
        return writer.Written.ToArray();
    }
}
