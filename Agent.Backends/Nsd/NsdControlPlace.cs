namespace Agent.Backends.Nsd;

/// <summary>Where nsd takes commands, and how each side knows the other there.</summary>
public abstract record NsdControlPlace
{
    private NsdControlPlace()
    {
    }

    /// <summary>A unix socket; whoever may write to it is believed.</summary>
    /// <param name="Path">As in nsd's <c>control-interface</c>.</param>
    public sealed record LocalSocket(string Path) : NsdControlPlace
    {
        /// <inheritdoc/>
        public override string ToString() => Path;
    }

    /// <summary>A TCP port with TLS and certificates on both sides. The three files are read again when they change.</summary>
    /// <param name="Host">Address or name.</param>
    /// <param name="Port">TCP port.</param>
    /// <param name="ServerCertificate">PEM: nsd's own certificate, or the authority that signed it. Names in it do not matter.</param>
    /// <param name="ClientCertificate">PEM: what we show.</param>
    /// <param name="ClientKey">PEM: the key of that.</param>
    public sealed record Tls(string Host, int Port, string ServerCertificate, string ClientCertificate, string ClientKey) : NsdControlPlace
    {
        /// <summary>Where nsd listens unless it is told otherwise.</summary>
        public const int DefaultPort = 8952;

        /// <inheritdoc/>
        public override string ToString() => $"{Host}:{Port}";
    }
}
