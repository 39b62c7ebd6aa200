using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Agent.Backends.Shared;

/// <summary>A TCP connection that carries DNS messages, each behind its length (RFC 1035 section 4.2.2). For one user at a time.</summary>
public sealed class DnsConnection : IDisposable
{
    private const int LengthSize = 2;

    private readonly Socket _socket;
    private readonly byte[] _incoming = new byte[ushort.MaxValue];

    private DnsConnection(Socket socket) => _socket = socket;

    /// <summary>Connects to an address, or to the first address of a host name.</summary>
    /// <exception cref="SocketException">It cannot.</exception>
    public static async Task<DnsConnection> OpenAsync(EndPoint server, CancellationToken cancellation)
    {
        Socket socket = server is IPEndPoint address
            ? new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            : new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            await socket.ConnectAsync(server, cancellation);
            return new DnsConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends a message and its length in one write.</summary>
    /// <exception cref="SocketException">The connection broke.</exception>
    public async Task SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellation)
    {
        byte[] framed = new byte[LengthSize + message.Length];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)message.Length);
        message.CopyTo(framed.AsMemory(LengthSize));
        for (int sent = 0; sent < framed.Length;)
            sent += await _socket.SendAsync(framed.AsMemory(sent), cancellation);
    }

    /// <summary>The next message, valid until the next call; empty when the server closed the connection before it was whole.</summary>
    /// <exception cref="SocketException">The connection broke.</exception>
    public async Task<ReadOnlyMemory<byte>> ReceiveAsync(CancellationToken cancellation)
    {
        if (!await FillAsync(_incoming.AsMemory(0, LengthSize), cancellation))
            return default;
        Memory<byte> message = _incoming.AsMemory(0, BinaryPrimitives.ReadUInt16BigEndian(_incoming));
        return await FillAsync(message, cancellation) ? message : default;
    }

    /// <summary>Closes it.</summary>
    public void Dispose() => _socket.Dispose();

    private async Task<bool> FillAsync(Memory<byte> destination, CancellationToken cancellation)
    {
        while (!destination.IsEmpty)
        {
            int got = await _socket.ReceiveAsync(destination, cancellation);
            if (got == 0)
                return false;
            destination = destination[got..];
        }

        return true;
    }
}
