namespace Agent.Host.Etcd;

/// <summary>An open stream of answers, one in a line.</summary>
/// <param name="Known">The newest that was known when it was asked for.</param>
internal sealed record EtcdStream(EtcdEndpoint Endpoint, EtcdHeader Known, HttpResponseMessage Response, EtcdLineReader Lines) : IDisposable
{
    /// <summary>Closes the connection, by which the server learns that nobody listens any more.</summary>
    public void Dispose() => Response.Dispose();
}
