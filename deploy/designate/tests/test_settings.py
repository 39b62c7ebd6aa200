import os
import tempfile
import unittest

from designate_zone_agent import settings

HERE = {'host': '192.0.2.1', 'port': '5354'}


def of(**options):
    return settings.Settings({**HERE, **options}, timeout=30)


class SettingsTests(unittest.TestCase):
    def test_host_and_port_are_the_first_agent_and_none_comes_twice(self):
        found = of(agents='192.0.2.2, [2001:db8::1]:5355 2001:db8::2,agent.example:53,192.0.2.1:5354').agents
        self.assertEqual([
            ('192.0.2.1', 5354), ('192.0.2.2', 5354), ('2001:db8::1', 5355), ('2001:db8::2', 5354), ('agent.example', 53)], found)

    def test_the_timeout_is_the_workers_unless_the_target_has_one(self):
        self.assertEqual((30, 5, False, None), (of().timeout, of().next_after, of().use_tcp, of().key))
        self.assertEqual((7.5, 1, True), (lambda s: (s.timeout, s.next_after, s.use_tcp))(of(timeout='7.5', next_after='1', tcp='True')))

    def test_what_cannot_be_used_is_named(self):
        for option, value in [
                ('host', ''), ('port', ''), ('port', '70000'), ('port', 'dns'), ('agents', '192.0.2.2:0'), ('agents', '[2001:db8::1]:x'),
                ('agents', ' '.join(f'192.0.2.{i}' for i in range(2, 20))), ('timeout', 'nan'), ('timeout', '0'), ('next_after', 'soon'),
                ('tcp', 'perhaps'), ('tsig_key_file', '/nonexistent')]:
            with self.subTest(option=option, value=value), self.assertRaisesRegex(settings.SettingError, f'^{option}:'):
                of(**{option: value})


class KeyFileTests(unittest.TestCase):
    def read(self, text):
        with tempfile.NamedTemporaryFile('w', suffix='.key', delete=False) as file:
            file.write(text)
        self.addCleanup(os.unlink, file.name)
        return settings.read_key(file.name)

    def test_a_key_is_read_as_tsig_keygen_writes_it(self):
        key = self.read('# ours\nkey "designate" {\n\talgorithm hmac-sha512;\n\tsecret "c2VjcmV0";\n};\n')
        self.assertEqual(('designate.', 'hmac-sha512.', b'secret'), (str(key.name), str(key.algorithm), key.secret))
        self.assertEqual(b'\xff' * 6, self.read('// ours\nkey k { algorithm hmac-sha256; secret "////////"; };').secret)
        self.assertEqual('HMAC-MD5.SIG-ALG.REG.INT.', str(self.read('key a { secret "c2Vj"; algorithm HMAC-MD5; };').algorithm).upper())

    def test_a_bad_file_is_refused_without_a_word_of_it(self):
        for text in ['', 'c2VjcmV0', 'key "k" { secret "c2VjcmV0"; };', 'key "k" { algorithm hmac-sha256; secret "c2VjcmV"; };',
                     'key "k" { algorithm c2VjcmV0; secret "c2VjcmV0"; };', 'key "a..b" { algorithm hmac-sha256; secret "c2VjcmV0"; };']:
            with self.subTest(text=text), self.assertRaises(settings.SettingError) as raised:
                self.read(text)
            self.assertNotIn('c2Vj', str(raised.exception))


if __name__ == '__main__':
    unittest.main()
