using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Agent.Host.Sockets;

/// <summary>A connected stream in the clear or within TLS: one reads, another writes, anybody may close it.</summary>
internal sealed class DuplexConnection(Socket socket) : IDisposable
{
    // As much as one TLS record holds: a slow reader's progress is seen record by record.
    private const int TlsRecordBytes = 16 * 1024;

    // TCP_QUICKACK of tcp(7).
    private const int QuickAcknowledge = 12;

    private volatile SslStream? _tls;
    private volatile bool _isDisposed;

    public Socket Socket => socket;

    /// <summary>Goes on within TLS, whose handshake is done.</summary>
    public void Protect(SslStream tls)
    {
        _tls = tls;
        // Closed while it shook hands: nobody else would release it.
        if (_isDisposed) tls.Dispose();
    }

    /// <summary>Receives what is there; 0 at the end.</summary>
    /// <exception cref="SocketException">The connection is lost.</exception>
    public ValueTask<int> ReceiveAsync(Memory<byte> room, CancellationToken cancellation) =>
        _tls is { } tls ? ReadAsync(tls, room, cancellation) : socket.ReceiveAsync(room, SocketFlags.None, cancellation);

    /// <summary>Sends some octets at least.</summary>
    /// <exception cref="SocketException">The connection is lost.</exception>
    public ValueTask<int> SendAsync(ReadOnlyMemory<byte> octets) =>
        _tls is { } tls ? WriteAsync(tls, octets) : socket.SendAsync(octets, SocketFlags.None);

    /// <summary>Acknowledges what was received without waiting for something to send along with it. Only Linux can.</summary>
    /// <exception cref="SocketException">The connection is lost.</exception>
    public void Acknowledge()
    {
        if (!OperatingSystem.IsLinux()) return;
        int on = 1;
        socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, QuickAcknowledge, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in on)));
    }

    /// <summary>Says within TLS that nothing more comes, so that the client can tell an end from a cut.</summary>
    public async Task FinishAsync()
    {
        if (_tls is not { } tls) return;
        try
        {
            await tls.ShutdownAsync();
        }
        catch (Exception exception) when (exception is IOException or SocketException or InvalidOperationException)
        {
            // It is gone already, or has ended its side while we ended ours.
        }
    }

    /// <summary>The socket first: it ends what is reading and writing within TLS.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        socket.Dispose();
        _tls?.Dispose();
    }

    private static async ValueTask<int> ReadAsync(SslStream tls, Memory<byte> room, CancellationToken cancellation)
    {
        try
        {
            return await tls.ReadAsync(room, cancellation);
        }
        catch (IOException failure)
        {
            throw Lost(failure);
        }
    }

    private static async ValueTask<int> WriteAsync(SslStream tls, ReadOnlyMemory<byte> octets)
    {
        ReadOnlyMemory<byte> record = octets[..Math.Min(octets.Length, TlsRecordBytes)];
        try
        {
            await tls.WriteAsync(record);
            return record.Length;
        }
        catch (Exception failure) when (failure is IOException or InvalidOperationException)
        {
            throw Lost(failure);
        }
    }

    private static SocketException Lost(Exception failure) =>
        failure.InnerException as SocketException ?? new SocketException((int)SocketError.ConnectionReset);
}
