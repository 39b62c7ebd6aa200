namespace Agent.Host.Configuration;

/// <summary>Several agents as one.</summary>
/// <param name="Shards">Fixed for the life of a cluster and its journal.</param>
/// <param name="Advertise">Where the other nodes reach this one; null: as it listens.</param>
/// <param name="LeaseTtl">A node that is silent for this long loses its shards.</param>
/// <param name="AllowPlaintext">Accept the link without TLS beyond loopback.</param>
/// <param name="DrainTimeout">How long a node that is stopped may take to give its shards to the others, and to answer what it has
/// received.</param>
/// <param name="WarmUpTimeout">How long a starting node waits for the next zone of its own server before it opens its port.</param>
public sealed record ClusterOptions(
    bool IsEnabled,
    string Name,
    int Shards,
    HostEndpoint Listen,
    HostEndpoint? Advertise,
    TimeSpan LeaseTtl,
    bool AllowPlaintext,
    TimeSpan DrainTimeout,
    TimeSpan WarmUpTimeout,
    EtcdPlace Etcd,
    CertificateFiles? Tls);

/// <summary>Where etcd is and who we are there.</summary>
/// <param name="Endpoints">At least one where the cluster is enabled.</param>
/// <param name="User">Empty: etcd asks for none.</param>
/// <param name="Password">Empty where <paramref name="PasswordFile"/> is given, or where there is no user.</param>
/// <param name="PasswordFile">A full path, or empty.</param>
/// <param name="CaFile">A full path, or empty: what the system trusts.</param>
/// <param name="Certificate">Null: none is shown.</param>
/// <param name="RequestTimeout">For one request; null: by the length of the lease.</param>
public sealed record EtcdPlace(
    IReadOnlyList<Uri> Endpoints,
    string User,
    string Password,
    string PasswordFile,
    string CaFile,
    (string CertificateFile, string KeyFile)? Certificate,
    TimeSpan? RequestTimeout)
{
    /// <summary>Without the password.</summary>
    public override string ToString() => string.Join(", ", Endpoints);
}

/// <summary>Full paths of PEM files.</summary>
/// <param name="CaFile">Who must have signed the certificate of every node.</param>
/// <param name="CertificateFile">The certificate of this node, with the authorities between.</param>
/// <param name="KeyFile">Its private key.</param>
public sealed record CertificateFiles(string CaFile, string CertificateFile, string KeyFile);
