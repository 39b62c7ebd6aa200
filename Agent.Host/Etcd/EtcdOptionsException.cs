namespace Agent.Host.Etcd;

/// <summary>The options for etcd cannot be used; the text says why and holds no secret.</summary>
public sealed class EtcdOptionsException(string message, Exception? innerException = null) : Exception(message, innerException);
