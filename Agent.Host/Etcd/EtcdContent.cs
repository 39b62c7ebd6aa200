using System.Net;
using System.Net.Http.Headers;

namespace Agent.Host.Etcd;

/// <summary>The body of a request, which knows whether it was ever handed to a connection, and is handed out once only.</summary>
internal sealed class EtcdContent : HttpContent
{
    private readonly byte[] _body;
    private int _taken;

    public EtcdContent(byte[] body)
    {
        _body = body;
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
    }

    /// <summary>False: no octet of the body has left, so the server cannot have done anything.</summary>
    public bool WasTaken => Volatile.Read(ref _taken) != 0;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        Interlocked.Exchange(ref _taken, 1) == 0
            ? stream.WriteAsync(_body, cancellationToken).AsTask()
            : throw new IOException("a request is sent once");

    protected override bool TryComputeLength(out long length)
    {
        length = _body.Length;
        return true;
    }
}
