"""Image data sets: OpenML's replies served on loopback, whole and broken; grey; two classes."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from sklearn.datasets import _openml

from verify.data import images, stored
from verify.data.images import Images, grey, two_classes
from verify.theorem.errors import InputError

ROWS = 12

# Sockets of refused requests, which scikit-learn drops unclosed.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def replies(rows, labels, address):
    """What OpenML answers for a data set of 784 pixels, by path."""
    names = [f"pixel{i + 1}" for i in range(rows.shape[1])]
    arff = "@RELATION mnist\n" + "".join(f"@ATTRIBUTE {name} real\n" for name in names)
    arff += "@ATTRIBUTE class {0,1,2}\n@DATA\n"
    arff += "".join(",".join(map(str, [*row, label])) + "\n" for row, label in zip(rows, labels, strict=True))
    data = arff.encode()
    common = {"is_ignore": "false", "is_row_identifier": "false", "number_of_missing_values": "0"}
    features = [
        {"index": str(i), "name": name, "data_type": "numeric", "is_target": "false", **common}
        for i, name in enumerate(names)
    ]
    features.append(
        {
            "index": str(len(names)),
            "name": "class",
            "data_type": "nominal",
            "nominal_value": ["0", "1", "2"],
            "is_target": "true",
            **common,
        }
    )
    description = {
        "id": "554",
        "name": "mnist_784",
        "version": "1",
        "format": "ARFF",
        "status": "active",
        "file_id": "52667",
        "url": f"{address}/data/v1/download/52667/mnist_784.arff",
        "default_target_attribute": "class",
        "md5_checksum": hashlib.md5(data).hexdigest(),
    }
    qualities = [{"name": "NumberOfInstances", "value": str(float(len(rows)))}]
    return {
        "/api/v1/json/data/554": json.dumps({"data_set_description": description}).encode(),
        "/api/v1/json/data/features/554": json.dumps({"data_features": {"feature": features}}).encode(),
        "/api/v1/json/data/qualities/554": json.dumps({"data_qualities": {"quality": qualities}}).encode(),
        "/data/v1/download/52667/mnist_784.arff": data,
    }


class OpenML:
    """A server of replies that counts requests; `cut` truncates a path's body, `down` refuses all."""

    def __init__(self):
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                owner.requests.append(self.path)
                if owner.down or self.path not in owner.replies:
                    self.send_error(503)
                    return
                body = owner.replies[self.path]
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: owner.cut.get(self.path, len(body))])

            def log_message(self, *_):
                pass

        self.requests, self.cut, self.down = [], {}, False
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        rng = np.random.default_rng(0)
        self.rows, self.labels = rng.integers(1, 256, (ROWS, 784)), np.arange(ROWS) % 3
        self.replies = replies(self.rows, self.labels, self.address)


DATA = "/data/v1/download/52667/mnist_784.arff"


@pytest.fixture
def openml(tmp_path, monkeypatch):
    served = OpenML()
    thread = threading.Thread(target=served.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "home"))
    monkeypatch.setattr("sklearn.datasets._openml.time.sleep", lambda seconds: None)
    for name in ("_DATA_INFO", "_DATA_FEATURES", "_DATA_QUALITIES"):
        monkeypatch.setattr(
            _openml, name, getattr(_openml, name).replace("https://www.openml.org", served.address)
        )
    images.fetch.cache_clear()
    yield served
    images.fetch.cache_clear()
    served.server.shutdown()
    served.server.server_close()
    thread.join()


def test_openml_data_come_whole_and_once(openml):
    pixels, labels = Images("mnist").loaded
    assert np.allclose(pixels, openml.rows / 255)
    assert np.array_equal(labels, openml.labels)
    asked = len(openml.requests)
    images.fetch.cache_clear()
    openml.down = True
    again, _ = Images("mnist").loaded
    assert np.array_equal(again, pixels)
    assert len(openml.requests) == asked


def one_line(tmp_path):
    with pytest.raises(InputError) as caught:
        Images("mnist").loaded  # noqa: B018
    text = str(caught.value)
    assert "\n" not in text
    for part in ("--data mnist", str(tmp_path / "home"), "--data digits", "--data FILE.npz"):
        assert part in text
    return text


def test_a_server_that_is_down_is_one_line(openml, tmp_path):
    openml.down = True
    assert "503" in one_line(tmp_path)


def test_without_package_and_network_the_error_says_what_to_type(openml, tmp_path, monkeypatch):
    openml.down = True
    monkeypatch.setattr(stored, "DEBIAN", {"fashion-mnist": (tmp_path / "nowhere", "dataset-fashion-mnist")})
    images.stored_images.cache_clear()
    with pytest.raises(InputError) as caught:
        Images("fashion-mnist").loaded  # noqa: B018
    images.stored_images.cache_clear()
    for part in ("`apt-get install dataset-fashion-mnist`", "--data-home DIR", "--data FILE.npz"):
        assert part in str(caught.value)


def test_no_network_is_one_line(openml, tmp_path, monkeypatch):
    monkeypatch.setattr(_openml, "_DATA_INFO", "http://127.0.0.1:9/{}")
    one_line(tmp_path)


@pytest.mark.parametrize("path", ["/api/v1/json/data/554", "/api/v1/json/data/features/554", DATA])
def test_a_truncated_reply_is_one_line_and_mends_itself(openml, tmp_path, path):
    openml.cut[path] = len(openml.replies[path]) // 2
    one_line(tmp_path)
    openml.cut.clear()
    pixels, _ = Images("mnist").loaded
    assert np.allclose(pixels, openml.rows / 255)


def test_a_wrong_checksum_is_one_line_and_mends_itself(openml, tmp_path):
    right = openml.replies[DATA]
    openml.replies[DATA] = right.replace(b"1", b"2", 1)
    assert "checksum" in one_line(tmp_path)
    openml.replies[DATA] = right
    pixels, _ = Images("mnist").loaded
    assert np.allclose(pixels, openml.rows / 255)


def coloured(rng):
    """Smooth images (n, 3, 32, 32) whose channels differ less than neighbouring pixels."""
    shade = rng.integers(0, 230, (5, 1, 32, 32))
    return shade + rng.integers(0, 10, (5, 3, 1, 1))


def test_both_orders_of_channels_give_one_grey(rng):
    pictures = coloured(rng)
    planes = grey(pictures.reshape(5, -1))
    pixels = grey(pictures.transpose(0, 2, 3, 1).reshape(5, -1))
    assert planes.shape == (5, 784)
    assert np.allclose(planes, pixels)
    corner = pictures[:, :, 0, 0].mean(axis=1) / 255
    assert np.allclose(planes[:, 0], corner)
    assert planes.min() >= 0
    assert planes.max() <= 1


def test_images_of_another_size_are_refused(openml, tmp_path, monkeypatch):
    openml.replies = replies(openml.rows[:, :100], openml.labels, openml.address)
    assert "100 pixels" in one_line(tmp_path)


def test_two_classes_are_balanced_unit_and_disjoint():
    split = two_classes(Images("digits"), (0, 1), None, 3, 0.01)
    assert split.train.shape == split.test.shape == (64, 178)
    assert split.train_targets.sum() == 0
    assert np.allclose(np.linalg.norm(split.train, axis=0), 1)
    assert np.abs(split.train.T @ split.test).max() < 1 - 1e-6
    again = two_classes(Images("digits"), (0, 1), None, 3, 0.01)
    other = two_classes(Images("digits"), (0, 1), None, 4, 0.01)
    assert np.array_equal(split.train, again.train)
    assert not np.array_equal(split.train, other.train)


def test_parallel_training_inputs_are_separated(tmp_path, rng):
    x = np.repeat(rng.uniform(0.1, 1, (4, 6)), [10, 10, 10, 10], axis=0)
    path = tmp_path / "twins.npz"
    np.savez(path, x=x, y=np.repeat([0, 1, 0, 1], 10))
    train = two_classes(Images(str(path)), (0, 1), None, 0, 0.01).train
    cosines = np.triu(np.abs(train.T @ train), 1)
    assert cosines.max() < 1 - 1e-8
    assert np.allclose(np.linalg.norm(train, axis=0), 1)


@pytest.mark.parametrize(
    ("name", "message"), [("mnsit", "digits, mnist"), ("", "digits, mnist"), ("none.npz", "none.npz")]
)
def test_unknown_data_are_explained(name, message):
    with pytest.raises(InputError, match=message):
        Images(name).fingerprint  # noqa: B018


def test_bad_requests_are_explained(tmp_path):
    with pytest.raises(InputError, match="no class 12"):
        two_classes(Images("digits"), (0, 12), None, 0, 0.0)
    with pytest.raises(InputError, match="--samples 178 or fewer"):
        two_classes(Images("digits"), (0, 1), 1000, 0, 0.0)
    path = tmp_path / "regression.npz"
    np.savez(path, x=np.ones((3, 2)), y=np.array([0.1, 0.2, 0.3]))
    with pytest.raises(InputError, match="class labels"):
        Images(str(path)).loaded  # noqa: B018


def test_a_file_is_known_by_its_contents(tmp_path):
    path = tmp_path / "data.npz"
    np.savez(path, x=np.ones((3, 2)), y=np.arange(3))
    first = Images(str(path)).fingerprint
    np.savez(path, x=2 * np.ones((3, 2)), y=np.arange(3))
    assert Images(str(path)).fingerprint != first
