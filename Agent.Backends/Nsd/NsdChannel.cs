using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Agent.Actors.Kernel;
using Agent.Actors.Telemetry;
using Agent.Backends.Shared;

namespace Agent.Backends.Nsd;

/// <summary>
/// nsd's control channel, the protocol of nsd-control. nsd closes a connection after each command, so there is none to keep:
/// <code>
///   connect (-> TLS) -> "NSDCT1 " command lines -> lines of the answer -> closed by nsd
/// </code>
/// nsd carries out commands one after the other and, while it does, blocks in reading and writing. So a request goes in one write, and its
/// answer is read while it is being written: a client that reads only afterwards hangs together with nsd once both buffers are full.
/// </summary>
/// <remarks>Safe for any number of callers. nsd drops whoever comes while ten connections are open; we keep to a few.</remarks>
internal sealed class NsdChannel(NsdControlPlace place, TimeProvider time) : IDisposable
{
    private const int ConnectionsMax = 4;
    private const int LineMax = 8 * 1024;
    private const int BufferSize = 16 * 1024;

    private readonly SemaphoreSlim _connections = new(ConnectionsMax);
    private readonly NsdCertificates? _certificates = place is NsdControlPlace.Tls tls ? new NsdCertificates(tls) : null;

    /// <summary>Carries out a command that answers in a few lines.</summary>
    /// <exception cref="BackendException">nsd cannot be reached, or does not answer.</exception>
    public async Task<NsdReply> CallAsync(string command, CancellationToken cancellation)
    {
        List<string> lines = [];
        await CallAsync(command + "\n", line =>
        {
            if (lines.Count < NsdReply.LinesMax)
                lines.Add(line);
        }, cancellation);
        return new NsdReply(lines);
    }

    /// <summary>Carries out a request and hands on each line of its answer, without its end.</summary>
    /// <exception cref="BackendException">nsd cannot be reached, or does not answer; what came before the break was handed on.</exception>
    public async Task CallAsync(string request, Action<string> onLine, CancellationToken cancellation)
    {
        await _connections.WaitAsync(cancellation);
        try
        {
            using Socket socket = await ConnectAsync(cancellation);
            await using Stream stream = await SecureAsync(socket, cancellation);
            FaultPoint.Pass("nsd.sending");
            long started = time.GetTimestamp();
            Task writing = stream.WriteAsync(Encoding.Latin1.GetBytes("NSDCT1 " + request), cancellation).AsTask();
            FaultPoint.Pass("nsd.sent");
            try
            {
                if (await ReadAsync(stream, onLine, cancellation) == 0)
                    throw Silent();
            }
            finally
            {
                await writing;
            }

            ChangeMetrics.Waited(ChangeWait.TargetServer, time.GetElapsedTime(started));
            FaultPoint.Pass("nsd.answered");
        }
        catch (Exception error) when (error is SocketException or IOException or AuthenticationException)
        {
            throw BackendException.Away($"no command gets through to nsd's control channel at {place}: {error.Message}", error);
        }
        finally
        {
            _connections.Release();
        }
    }

    public void Dispose() => _connections.Dispose();

    private async Task<Socket> ConnectAsync(CancellationToken cancellation)
    {
        if (place is NsdControlPlace.LocalSocket local)
            return await ControlSocket.ConnectAsync(local.Path, cancellation);
        var tls = (NsdControlPlace.Tls)place;
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(tls.Host, tls.Port, cancellation);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<Stream> SecureAsync(Socket socket, CancellationToken cancellation)
    {
        NetworkStream plain = new(socket);
        if (_certificates is null)
            return plain;
        SslStream secure = new(plain);
        try
        {
            await secure.AuthenticateAsClientAsync(_certificates.Current(), cancellation);
            return secure;
        }
        catch
        {
            await secure.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads to the end; the number of octets.</summary>
    private static async Task<long> ReadAsync(Stream stream, Action<string> onLine, CancellationToken cancellation)
    {
        byte[] buffer = new byte[BufferSize];
        int held = 0;
        long total = 0;
        while (true)
        {
            int got = await stream.ReadAsync(buffer.AsMemory(held), cancellation);
            total += got;
            held += got;
            int start = 0;
            for (int end; (end = buffer.AsSpan(start, held - start).IndexOf((byte)'\n')) >= 0; start += end + 1)
                onLine(Encoding.Latin1.GetString(buffer, start, end));
            if (got == 0 && held > start)
                onLine(Encoding.Latin1.GetString(buffer, start, held - start));
            if (got == 0)
                return total;
            held -= start;
            if (held > LineMax)
                throw new IOException("the answer is not one of nsd");
            buffer.AsSpan(start, held).CopyTo(buffer);
        }
    }

    private BackendException Silent() => BackendException.Away(
        $"nsd at {place} closed the control connection without an answer: "
        + (_certificates is null
            ? "it has too many of them open, or is not nsd"
            : "our certificate is not signed by its own, or it has too many of them open"));
}
